import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.errors import ConfigError
from tasks.mining.packages import opened
from tasks.mining.settings import GitSource
from tests.mining.conftest import CODE, MIT


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Commits files to a repository on this disk; returns the commit."""
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))
    root = tmp_path / "origin" / "kit.git"
    identity = ["-c", "user.name=T", "-c", "user.email=t@example.org"]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(files: dict[str, str], tag: str | None = None) -> str:
        if not root.exists():
            root.mkdir(parents=True)
            git("init", "--quiet", "--initial-branch=trunk")
        for path, text in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        git("add", "-A")
        git("commit", "--quiet", "-m", "work")
        if tag:
            git("tag", "-a", tag, "-m", tag)
        return git("rev-parse", "HEAD")

    commit.url = str(root)  # type: ignore[attr-defined]
    return commit


def read(repository: Callable[..., str], commit: str | None = None) -> tuple[str | None, dict[str, str]]:
    [package] = opened(GitSource(kind="git", url=repository.url, commit=commit))  # type: ignore[attr-defined]
    assert package.name == "kit" and package.licence == "MIT"
    return package.commit, {str(where): path.read_text() for where, path in package.files}


def test_a_commit_a_tag_and_a_branch_are_read_as_they_were(repository: Callable[..., str]) -> None:
    first = repository({"LICENSE": MIT, "a.py": CODE["count_runs"]}, tag="v1")
    second = repository({"a.py": CODE["parse_size"], "tests/b.py": "x = 1\n"})
    one, two = {"a.py": CODE["count_runs"]}, {"a.py": CODE["parse_size"], "tests/b.py": "x = 1\n"}
    assert read(repository, first) == read(repository, "v1") == (first, one)
    assert read(repository, "trunk") == read(repository) == (second, two)


def test_a_full_commit_is_fetched_once(repository: Callable[..., str], tmp_path: Path) -> None:
    commit = repository({"LICENSE": MIT, "a.py": CODE["count_runs"]})
    before = read(repository, commit)
    (tmp_path / "origin").rename(tmp_path / "gone")
    (tmp_path / "origin" / "kit.git").mkdir(parents=True)  # the path is part of the checkout's name
    assert read(repository, commit) == before
    held = list((tmp_path / "home/checkouts").rglob("*"))
    assert not [path for path in held if ".git" in path.parts or "partial" in path.name]


def test_links_and_hooks_of_a_repository_do_nothing(repository: Callable[..., str], tmp_path: Path) -> None:
    secret = tmp_path / "secret.py"
    secret.write_text("password = 1\n")
    root = Path(repository.url)  # type: ignore[attr-defined]
    repository({"LICENSE": MIT, "a.py": CODE["count_runs"]})
    (root / "leak.py").symlink_to(secret)
    commit = repository({"hooks/post-checkout": "#!/bin/sh\ntouch hooked\n"})
    _, files = read(repository, commit)
    assert "password" not in "".join(files.values())
    assert not list((tmp_path / "home").rglob("hooked"))


@pytest.mark.parametrize(
    ("commit", "says"),
    [("v9", "has no branch or tag v9"), ("0" * 40, "cannot be fetched"), ("abc123", "no branch or tag")],
)
def test_a_commit_that_is_not_there_is_one_clear_line(
    repository: Callable[..., str], tmp_path: Path, commit: str, says: str
) -> None:
    repository({"LICENSE": MIT, "a.py": CODE["count_runs"]})
    with pytest.raises(ConfigError, match=says):
        read(repository, commit)
    assert not list((tmp_path / "home").rglob("*.partial"))


def test_a_repository_that_is_not_there_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))
    with pytest.raises(ConfigError, match="cannot be fetched"):
        list(opened(GitSource(kind="git", url=str(tmp_path / "nowhere"))))
