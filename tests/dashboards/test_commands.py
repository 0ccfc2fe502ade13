"""`patchmill dashboard` serves this machine only; `patchmill report` writes one file."""

import socket
import urllib.request
from pathlib import Path

import pytest

from bench.dashboard_server import serve_dashboard
from cli import dashboard, report
from storage.errors import ConfigError
from tests.ports import open_listener


def test_the_server_answers_on_this_machine_and_ends_with_the_command(lake: Path) -> None:
    with serve_dashboard(lake) as url:
        assert url.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(url) as page:
            assert "streamlit" in page.read().decode().lower()
        port = int(url.rsplit(":", 1)[1])
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_missing_lake_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none: no lake there"):
        dashboard.command(str(tmp_path / "none"), 8501)


def test_a_port_that_is_taken_is_one_line(lake: Path) -> None:
    with open_listener() as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"--port {port}: cannot listen"):
            dashboard.command(str(lake), port)


def test_the_report_is_written_whole(lake: Path, tmp_path: Path) -> None:
    report.command(tmp_path / "out.html", str(lake), title="Mine")
    page = (tmp_path / "out.html").read_text()
    assert page.startswith("<!DOCTYPE html>") and page.endswith("</html>\n") and "Mine" in page
    with pytest.raises(ConfigError, match=r"expected a name that ends in \.html"):
        report.command(tmp_path / "out.pdf", str(lake))
    assert [path.name for path in tmp_path.iterdir()] == ["out.html"]
