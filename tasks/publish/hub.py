"""A version on its way to a hub: one commit that holds all of it, and a tag. Credentials never appear in any text."""

import os
import re
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError

from storage.errors import ConfigError, PublishError
from storage.publication import Version

_REPOSITORY = re.compile(r"([\w-][\w.-]*/)?[\w-][\w.-]*", re.ASCII)


def check(repo: str) -> str:
    """Whether there is any hope: a name that a hub takes, and a token (HF_TOKEN, or what `hf auth login` keeps).

    Returns:
        The token.

    Raises:
        ConfigError: one of them is missing or wrong.
    """
    if not _REPOSITORY.fullmatch(repo):
        raise ConfigError(f"--push {repo}: expected the name of a repository, such as your-name/debugging-sft")
    if constants.is_offline_mode():
        raise ConfigError(f"--push {repo}: HF_HUB_OFFLINE is set, unset it to reach a hub")
    token = get_token()
    if token is None:
        raise ConfigError(f"--push {repo}: no credentials; set HF_TOKEN, or `hf auth login`")
    if not token.isascii() or not token.isprintable():
        raise ConfigError(f"--push {repo}: HF_TOKEN holds characters that no token has; was it pasted whole?")
    return token


def push(version: Version, repo: str, private: bool) -> str:
    """Make a data set repository hold exactly this version; nothing is sent where it does already.

    Args:
        version: whose folder becomes the repository's root; the hub's own history keeps earlier ones, tagged.
        repo: NAME or OWNER/NAME at HF_ENDPOINT; made when missing.
        private: whether one that is made is private.

    Returns:
        Address of the commit.

    Raises:
        ConfigError: credentials are missing, or the hub refuses them.
        PublishError: it can't be reached, or refuses something else. Its last version stays.
    """
    token = check(repo)
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)
    at = f"--push {repo}: {_host(api.endpoint)}"
    try:
        full = api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True).repo_id
        head = api.dataset_info(full).sha
        here = {str(path.relative_to(version.path)): path for path in sorted(version.path.rglob("*")) if path.is_file()}
        there = api.list_repo_files(full, repo_type="dataset", revision=head)
        gone = [path for path in there if path not in here and path != ".gitattributes"]
        done = api.create_commit(  # upload_folder may take several commits, and half a version would show
            full,
            [*(CommitOperationDelete(p) for p in gone), *(CommitOperationAdd(n, str(p)) for n, p in here.items())],
            commit_message=f"Version {version.number}",
            repo_type="dataset",
            parent_commit=head,
        )
        _tag(api, full, version.number)
        return str(done.commit_url)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, RuntimeError) as error:
        raise _ours(error, at, token) from None


def _tag(api: HfApi, repo: str, number: int) -> None:
    """vN names the commit; a tag that is there already stays, since a version never changes."""
    api.create_tag(repo, tag=f"v{number}", repo_type="dataset", exist_ok=True)


def _ours(error: BaseException, at: str, token: str) -> ConfigError | PublishError:
    """What went wrong in one line, which never holds the token."""
    if isinstance(error, RuntimeError) and error.__cause__ is not None:  # an upload's thread failed
        error = error.__cause__
    if not isinstance(error, HfHubHTTPError) or error.response is None:
        return PublishError(f"{at} can't be reached or understood: {_hidden(str(error), token)}")
    status = error.response.status_code
    if status in (401, 403):
        return ConfigError(f"{at} refuses the credentials ({status}); may the token write there?")
    said = _hidden(error.server_message or "", token)
    return PublishError(f"{at} answered {status} {said}".rstrip() + "; its last version stays")


def _host(endpoint: str) -> str:
    """Where the hub is, without a password that may stand in the address."""
    parts = urlsplit(endpoint)
    return (parts.hostname or endpoint) + (f":{parts.port}" if parts.port else "")


def _hidden(text: str, token: str) -> str:
    """One line without the token, and without a password that may stand in the hub's address."""
    for secret in filter(None, (token, urlsplit(os.environ.get("HF_ENDPOINT", "")).password)):
        text = text.replace(secret, "...")
    return " ".join(text.split())[:300]
