"""One commit of a repository as a plain folder, by the git command. Nothing of the repository is run."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from storage.errors import ConfigError
from storage.ids import content_id
from tasks.mining.settings import GitSource
from tasks.models.settings import home

FETCH_S = 600
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# No hooks of a template, no links out of the folder, no question at the terminal, no large files from elsewhere.
_SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.symlinks=false", "-c", "protocol.ext.allow=never")
_QUIET = {"GIT_TERMINAL_PROMPT": "0", "GIT_LFS_SKIP_SMUDGE": "1", "LC_ALL": "C"}


def checkout(source: GitSource) -> tuple[Path, str]:
    """The folder of the wanted commit, and the commit; fetched where the store does not hold it yet.

    Raises:
        ConfigError: git is missing, or the repository or the commit can't be had.
    """
    url = str(Path(source.url).absolute()) if Path(source.url).exists() else source.url
    commit = source.commit if source.commit and _COMMIT.fullmatch(source.commit) else _resolved(url, source.commit)
    place = home() / "checkouts" / f"{repository(source.url)}-{content_id('checkout', url=url)[:8]}" / commit
    if place.exists():
        return place, commit
    partial = place.with_name(f".{commit}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        _git("init", "--quiet", "--template=", str(partial), about=url)
        _git("-C", str(partial), "fetch", "--quiet", "--depth=1", "--no-tags", url, commit, about=url)
        _git("-C", str(partial), "checkout", "--quiet", "--detach", "FETCH_HEAD", about=url)
        shutil.rmtree(partial / ".git")
        partial.rename(place)  # last: a folder that exists is complete
    except OSError as error:
        if not place.exists():  # another process may have been faster
            raise ConfigError(f"{place}: cannot be written: {error}; set PATCHMILL_HOME to another folder") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return place, commit


def repository(url: str) -> str:
    """The last part of an address, without `.git`."""
    return re.split(r"[/:\\]", url.rstrip("/\\"))[-1].removesuffix(".git") or "repository"


def _resolved(url: str, name: str | None) -> str:
    """The commit that a branch or tag (or HEAD) stands for."""
    wanted = [f"refs/tags/{name}^{{}}", f"refs/tags/{name}", f"refs/heads/{name}"] if name else ["HEAD"]
    lines = (line.split("\t") for line in _git("ls-remote", url, *wanted, about=url).splitlines())
    found = {ref: commit for commit, ref in lines}
    for ref in wanted:
        if ref in found:
            return found[ref]
    raise ConfigError(f"{url}: has no branch or tag {name or 'HEAD'} (git commit); name a full commit, branch or tag")


def _git(*arguments: str, about: str) -> str:
    environment = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
    try:
        done = subprocess.run(
            ["git", *_SAFE, *arguments], capture_output=True, text=True, errors="replace", env=environment | _QUIET,
            timeout=FETCH_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise ConfigError(f"{about}: git is not installed; install it, or name a folder (kind: folder)") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{about}: git {arguments[0]} took more than {FETCH_S} s; is the repository there?") from None
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        raise ConfigError(f"{about}: cannot be fetched (git url, commit): {last}")
    return done.stdout
