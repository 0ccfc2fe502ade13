"""Fetch one commit of a git repository into a plain folder. Nothing of the repository is run."""

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


def fetch_commit(source: GitSource) -> tuple[Path, str]:
    """Return the folder of the source's commit and the full commit; fetch it where `checkouts` does not hold it.

    Raises:
        ConfigError: git is missing, or the repository or the commit cannot be fetched.
    """
    url = str(Path(source.url).absolute()) if Path(source.url).exists() else source.url
    commit = source.commit if source.commit and _COMMIT.fullmatch(source.commit) else _resolve(url, source.commit)
    folder = home() / "checkouts" / f"{repository_name(source.url)}-{content_id('checkout', url=url)[:8]}" / commit
    if folder.exists():
        return folder, commit
    partial = folder.with_name(f".{commit}.{os.getpid()}.partial")
    try:
        partial.mkdir(parents=True)
        _run_git("init", "--quiet", "--template=", str(partial), url=url)
        _run_git("-C", str(partial), "fetch", "--quiet", "--depth=1", "--no-tags", url, commit, url=url)
        _run_git("-C", str(partial), "checkout", "--quiet", "--detach", "FETCH_HEAD", url=url)
        shutil.rmtree(partial / ".git")
        partial.rename(folder)  # last: a folder that exists is complete
    except OSError as error:
        if not folder.exists():  # another process may have been faster
            raise ConfigError(f"{folder}: cannot be written: {error}; set PATCHMILL_HOME to another folder") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder, commit


def repository_name(url: str) -> str:
    """Return the last part of an address, without `.git`."""
    return re.split(r"[/:\\]", url.rstrip("/\\"))[-1].removesuffix(".git") or "repository"


def _resolve(url: str, name: str | None) -> str:
    """Return the commit that a branch, a tag or (for None) HEAD points to."""
    references = [f"refs/tags/{name}^{{}}", f"refs/tags/{name}", f"refs/heads/{name}"] if name else ["HEAD"]
    lines = (line.split("\t") for line in _run_git("ls-remote", url, *references, url=url).splitlines())
    commits = {reference: commit for commit, reference in lines}
    for reference in references:
        if reference in commits:
            return commits[reference]
    raise ConfigError(f"{url}: has no branch or tag {name or 'HEAD'} (git commit); name a full commit, branch or tag")


def _run_git(*arguments: str, url: str) -> str:
    """Run git and return its output; errors name the repository at `url`."""
    environment = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
    try:
        process = subprocess.run(
            ["git", *_SAFE, *arguments], capture_output=True, text=True, errors="replace", env=environment | _QUIET,
            timeout=FETCH_S, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    except FileNotFoundError:
        raise ConfigError(f"{url}: git is not installed; install it, or name a folder (kind: folder)") from None
    except subprocess.TimeoutExpired:
        raise ConfigError(f"{url}: git {arguments[0]} took more than {FETCH_S} s; is the repository there?") from None
    if process.returncode != 0:
        last_line = (process.stderr.strip().splitlines() or [f"exit status {process.returncode}"])[-1]
        raise ConfigError(f"{url}: cannot be fetched (git url, commit): {last_line}")
    return process.stdout
