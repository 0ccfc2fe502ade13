import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.errors import ConfigError
from tasks.mining.packages import open_packages
from tasks.mining.settings import GitSource
from tests.mining.conftest import CODE, MIT


@dataclass(frozen=True)
class Origin:
    """A git repository on this disk."""

    root: Path

    def commit(self, files: dict[str, str], tag: str | None = None) -> str:
        """Write and commit files; return the commit."""
        if not self.root.exists():
            self.root.mkdir(parents=True)
            self._git("init", "--quiet", "--initial-branch=trunk")
        for path, text in files.items():
            (self.root / path).parent.mkdir(parents=True, exist_ok=True)
            (self.root / path).write_text(text)
        self._git("add", "-A")
        self._git("commit", "--quiet", "-m", "work")
        if tag:
            self._git("tag", "-a", tag, "-m", tag)
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str) -> str:
        identity = ("-c", "user.name=T", "-c", "user.email=t@example.org")
        command = ["git", "-C", str(self.root), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Origin:
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))
    return Origin(tmp_path / "origin" / "kit.git")


def read(origin: Origin, commit: str | None = None) -> tuple[str | None, dict[str, str]]:
    """Return the full commit, and the text of its Python files."""
    [package] = open_packages(GitSource(kind="git", url=str(origin.root), commit=commit))
    assert package.name == "kit" and package.licence == "MIT"
    return package.commit, {str(place): path.read_text() for place, path in package.files}


def test_a_commit_a_tag_and_a_branch_give_the_files_of_their_commit(origin: Origin) -> None:
    first = origin.commit({"LICENSE": MIT, "a.py": CODE["count_runs"]}, tag="v1")
    second = origin.commit({"a.py": CODE["parse_size"], "tests/b.py": "x = 1\n"})
    first_files, second_files = {"a.py": CODE["count_runs"]}, {"a.py": CODE["parse_size"], "tests/b.py": "x = 1\n"}
    assert read(origin, first) == read(origin, "v1") == (first, first_files)
    assert read(origin, "trunk") == read(origin) == (second, second_files)


def test_a_full_commit_is_fetched_once(origin: Origin, tmp_path: Path) -> None:
    commit = origin.commit({"LICENSE": MIT, "a.py": CODE["count_runs"]})
    before = read(origin, commit)
    (tmp_path / "origin").rename(tmp_path / "moved")
    (tmp_path / "origin" / "kit.git").mkdir(parents=True)  # the path is part of the checkout's name
    assert read(origin, commit) == before
    stored = list((tmp_path / "home/checkouts").rglob("*"))
    assert not [path for path in stored if ".git" in path.parts or "partial" in path.name]


def test_links_and_hooks_of_a_repository_do_nothing(origin: Origin, tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("password = 1\n")
    origin.commit({"LICENSE": MIT, "a.py": CODE["count_runs"]})
    (origin.root / "leak.py").symlink_to(secret)
    commit = origin.commit({"hooks/post-checkout": "#!/bin/sh\ntouch hooked\n"})
    _, files = read(origin, commit)
    assert "password" not in "".join(files.values())
    assert not list((tmp_path / "home").rglob("hooked"))


@pytest.mark.parametrize(
    ("commit", "message"),
    [
        pytest.param("v9", "has no branch or tag v9", id="a tag"),
        pytest.param("0" * 40, "cannot be fetched", id="a full commit"),
        pytest.param("abc123", "no branch or tag", id="a short commit"),
    ],
)
def test_a_missing_commit_is_reported_in_one_line(origin: Origin, tmp_path: Path, commit: str, message: str) -> None:
    origin.commit({"LICENSE": MIT, "a.py": CODE["count_runs"]})
    with pytest.raises(ConfigError, match=message):
        read(origin, commit)
    assert not list((tmp_path / "home").rglob("*.partial"))


def test_a_missing_repository_is_reported_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))
    with pytest.raises(ConfigError, match="cannot be fetched"):
        list(open_packages(GitSource(kind="git", url=str(tmp_path / "nowhere"))))
