"""Upload a version to a hub: one commit that holds all of it, and a tag. Messages never contain credentials."""

import os
import re
from urllib.parse import urlsplit

import httpx2
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, get_token
from huggingface_hub.errors import HfHubHTTPError

from storage.errors import ConfigError, PublishError
from storage.publication import PublishedVersion

_REPOSITORY = re.compile(r"([\w-][\w.-]*/)?[\w-][\w.-]*", re.ASCII)


def read_token(repo: str) -> str:
    """Return the token for a hub: HF_TOKEN, or the one that `hf auth login` stored.

    Raises:
        ConfigError: there is no token, or it or the repository's name is malformed, or huggingface_hub works offline.
    """
    if not _REPOSITORY.fullmatch(repo):
        raise _config_error(repo, "expected the name of a repository, such as your-name/debugging-sft")
    if constants.is_offline_mode():
        raise _config_error(repo, "HF_HUB_OFFLINE is set, unset it to reach a hub")
    token = get_token()
    if token is None:
        raise _config_error(repo, "no credentials; set HF_TOKEN, or `hf auth login`")
    if not token.isascii() or not token.isprintable():
        raise _config_error(repo, "HF_TOKEN holds characters that no token has; was it pasted whole?")
    return token


def upload_version(version: PublishedVersion, repo: str, private: bool) -> str:
    """Make a dataset repository hold exactly this version; send nothing where it does already.

    Args:
        version: its folder becomes the root of the repository. Earlier versions stay in the history, tagged.
        repo: NAME or OWNER/NAME at HF_ENDPOINT; created when missing.
        private: whether a repository that is created is private.

    Returns:
        URL of the commit.

    Raises:
        ConfigError: credentials are missing, or the hub refuses them.
        PublishError: the hub cannot be reached, or refuses something else. Its last version stays.
    """
    token = read_token(repo)
    api = HfApi(endpoint=os.environ.get("HF_ENDPOINT") or None, token=token)
    try:
        repo_id = api.create_repo(repo, repo_type="dataset", private=private, exist_ok=True).repo_id
        head = api.dataset_info(repo_id).sha
        files = {
            str(path.relative_to(version.path)): path for path in sorted(version.path.rglob("*")) if path.is_file()
        }
        remote_names = api.list_repo_files(repo_id, repo_type="dataset", revision=head)
        stale_names = [name for name in remote_names if name not in files and name != ".gitattributes"]
        deletions = [CommitOperationDelete(name) for name in stale_names]
        additions = [CommitOperationAdd(name, str(path)) for name, path in files.items()]
        # upload_folder may need several commits, which would show half a version
        commit = api.create_commit(
            repo_id,
            [*deletions, *additions],
            commit_message=f"Version {version.number}",
            repo_type="dataset",
            parent_commit=head,
        )
        # an existing tag stays, since a version never changes
        api.create_tag(repo_id, tag=f"v{version.number}", repo_type="dataset", exist_ok=True)
        return str(commit.commit_url)
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, ValueError, RuntimeError) as error:
        raise _translate_error(error, repo, api.endpoint, token) from None


def _translate_error(error: BaseException, repo: str, endpoint: str, token: str) -> ConfigError | PublishError:
    """Return Patchmill's error for a failed upload; its one line never contains the token."""
    hub = _host(endpoint)
    if isinstance(error, RuntimeError) and error.__cause__ is not None:  # the thread of an upload failed
        error = error.__cause__
    if not isinstance(error, HfHubHTTPError) or error.response is None:
        return PublishError(f"--push {repo}: {hub} can't be reached or understood: {_hide_secrets(str(error), token)}")
    status = error.response.status_code
    if status in (401, 403):
        return _config_error(repo, f"{hub} refuses the credentials ({status}); may the token write there?")
    message = _hide_secrets(error.server_message or "", token)
    return PublishError(f"--push {repo}: {hub} answered {status} {message}".rstrip() + "; its last version stays")


def _config_error(repo: str, message: str) -> ConfigError:
    return ConfigError(f"--push {repo}: {message}", field="--push")


def _host(endpoint: str) -> str:
    """Return host and port of the hub, without a password that the address may contain."""
    parts = urlsplit(endpoint)
    return (parts.hostname or endpoint) + (f":{parts.port}" if parts.port else "")


def _hide_secrets(text: str, token: str) -> str:
    """Return a text in one line, without the token and without a password in the hub's address."""
    for secret in filter(None, (token, urlsplit(os.environ.get("HF_ENDPOINT", "")).password)):
        text = text.replace(secret, "...")
    return " ".join(text.split())[:300]
