"""A hub on loopback that takes and serves dataset repositories, for huggingface_hub and datasets.

It speaks the protocol of huggingface_hub's _commit_api.py, lfs.py and file_download.py: create, preupload, Git LFS
batch and upload, one commit of NDJSON lines, tags; then the tree, paths-info and resolve.
"""

import base64
import hashlib
import json
import re
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_aToKeNoFtHiStEsTaLoNe"
REPO = r"(?P<repo>[\w-]+/[\w.-]+)"
REVISION = r"(?P<revision>[^/]+)"


class Hub:
    """A hub in memory, running between `__enter__` and `__exit__`."""

    def __init__(self) -> None:
        self.commits: dict[str, list[dict[str, bytes]]] = {}
        """By repository, the files of every commit by path, the newest commit last."""
        self.tags: dict[tuple[str, str], int] = {}
        """By repository and tag, the index of a commit."""
        self.private: dict[str, bool] = {}
        self.objects: dict[str, bytes] = {}
        """Uploaded bytes by their SHA-256."""
        self.refusals: Mapping[str, int] = {}
        """By a part of "METHOD path", the status with which such requests are refused."""
        self.lock = threading.Lock()
        hub_of_handler = self

        class HandlerOfHub(_HubHandler):
            hub = hub_of_handler

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), HandlerOfHub)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def __enter__(self) -> "Hub":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def files(self, repo: str, revision: str = "main") -> dict[str, bytes]:
        """Return the files of a revision by path."""
        return self.commits[repo][self._commit_index(repo, revision)]

    def sha(self, repo: str, revision: str = "main") -> str:
        """Return the address of a revision's commit."""
        return _commit_sha(repo, self._commit_index(repo, revision))

    def _commit_index(self, repo: str, revision: str) -> int:
        newest = len(self.commits[repo]) - 1
        by_sha = {_commit_sha(repo, index): index for index in range(newest + 1)}
        return {"main": newest, **by_sha}.get(revision, self.tags.get((repo, revision), newest))


class _HubHandler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Print nothing to stderr."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def _answer(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for part, status in self.hub.refusals.items():
            if part in f"{method} {path}":
                return self._json(status, {"error": f"refused {path} for {self.headers.get('Authorization')}"})
        if method in ("POST", "PUT") and not self._is_authorized():
            return self._json(401, {"error": "Invalid credentials in Authorization header"})
        for pattern, name in ROUTES:
            match = re.fullmatch(pattern, f"{method.replace('HEAD', 'GET')} {path}")
            if match:
                with self.hub.lock:
                    getattr(self, name)(body=body, **match.groupdict())
                return None
        return self._json(404, {"error": f"no such page: {path}"})

    def _is_authorized(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}" or self.path.startswith("/objects/")

    def create(self, body: bytes) -> None:
        request = json.loads(body)
        repo = f"{request.get('organization') or 'me'}/{request['name']}"
        status = 409 if repo in self.hub.commits else 200
        self.hub.commits.setdefault(repo, [{".gitattributes": b""}])
        self.hub.private.setdefault(repo, request.get("visibility") == "private" or request.get("private", False))
        self._json(status, {"url": f"{self.hub.url}/datasets/{repo}", "name": repo, "id": repo})

    def validate(self, body: bytes) -> None:
        self._json(200, {"errors": [], "warnings": []})

    def whoami(self, body: bytes) -> None:
        self._json(200, {"name": "me", "type": "user", "orgs": []})

    def preupload(self, body: bytes, repo: str, revision: str) -> None:
        present = self.hub.files(repo)
        files = [
            {"path": f["path"], "uploadMode": "lfs" if f["path"].endswith(".parquet") else "regular",
             "shouldIgnore": False, "oid": _oid(f["path"], present.get(f["path"]))}
            for f in json.loads(body)["files"]
        ]  # fmt: skip
        self._json(200, {"files": files})

    def batch(self, body: bytes, repo: str) -> None:
        requested = json.loads(body)["objects"]
        uploads = [
            {**entry, "actions": {"upload": {"href": f"{self.hub.url}/objects/{entry['oid']}"}}}
            for entry in requested if entry["oid"] not in self.hub.objects
        ]  # fmt: skip
        present = [entry for entry in requested if entry["oid"] in self.hub.objects]
        self._json(200, {"transfer": "basic", "objects": [*uploads, *present]})

    def upload(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self._json(400, {"error": "the bytes have another hash"})
        self.hub.objects[oid] = body
        return self._json(200, {})

    def commit(self, body: bytes, repo: str, revision: str) -> None:
        files = dict(self.hub.files(repo))
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            match item["key"]:
                case "header" if value.get("parentCommit", self.hub.sha(repo)) != self.hub.sha(repo):
                    return self._json(412, {"error": "another commit came in between"})
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.hub.objects[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        self.hub.commits[repo].append(files)
        sha = self.hub.sha(repo)
        return self._json(200, {"commitUrl": f"{self.hub.url}/datasets/{repo}/commit/{sha}", "commitOid": sha})

    def tag(self, body: bytes, repo: str, revision: str) -> None:
        name = json.loads(body)["tag"]
        if (repo, name) in self.hub.tags:
            return self._json(409, {"error": "tag exists"})
        self.hub.tags[(repo, name)] = len(self.hub.commits[repo]) - 1
        return self._json(200, {})

    def info(self, body: bytes, repo: str, revision: str = "main") -> None:
        if repo not in self.hub.commits:
            return self._json(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        files = [{"rfilename": path} for path in self.hub.files(repo, revision)]
        return self._json(200, {"id": repo, "sha": self.hub.sha(repo, revision), "siblings": files, "private": True,
                                "tags": [], "downloads": 0, "likes": 0, "disabled": False, "gated": False})  # fmt: skip

    def tree(self, body: bytes, repo: str, revision: str, below: str = "") -> None:
        is_recursive = "recursive=true" in self.path.lower()
        inside = [path for path in self._paths(repo, revision) if path.startswith(f"{below}/" if below else "")]
        listed = [path for path in inside if is_recursive or "/" not in path.removeprefix(f"{below}/")]
        if not listed:
            return self._json(404, {"error": "no such folder"}, {"X-Error-Code": "EntryNotFound"})
        return self._json(200, [self._entry(repo, revision, path) for path in listed])

    def paths(self, body: bytes, repo: str, revision: str) -> None:
        requested = set(parse_qs(body.decode())["paths"])
        self._json(200, [self._entry(repo, revision, p) for p in self._paths(repo, revision) if p in requested])

    def _paths(self, repo: str, revision: str) -> list[str]:
        """Return the paths of all files and of the folders that hold them."""
        files = self.hub.files(repo, revision)
        return sorted({*files, *(str(up) for path in files for up in PurePosixPath(path).parents if up.name)})

    def _entry(self, repo: str, revision: str, path: str) -> dict[str, Any]:
        data = self.hub.files(repo, revision).get(path)
        if data is None:
            return {"type": "directory", "path": path, "size": 0, "oid": hashlib.sha1(path.encode()).hexdigest()}
        entry = {"type": "file", "path": path, "size": len(data), "oid": _oid(path, data)}
        if path.endswith(".parquet"):
            digest = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"oid": digest, "sha256": digest, "size": len(data), "pointerSize": 130}
        return entry

    def resolve(self, body: bytes, repo: str, revision: str, file: str) -> None:
        data = self.hub.files(repo, revision).get(file)
        if data is None:
            return self._json(404, {"error": "no such file"}, {"X-Error-Code": "EntryNotFound"})
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": self.hub.sha(repo, revision)}
        if byte_range := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(byte_range[1]), int(byte_range[2] or len(data) - 1)
            headers["Content-Range"] = f"bytes {first}-{min(last, len(data) - 1)}/{len(data)}"
            return self._send(206, data[first : last + 1], headers)
        return self._send(200, data, headers)

    def _json(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        message = {"X-Error-Message": value["error"]} if isinstance(value, dict) and "error" in value else {}
        content_type = {"Content-Type": "application/json"}
        self._send(status, json.dumps(value).encode(), {**content_type, **message, **(headers or {})})

    def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _commit_sha(repo: str, index: int) -> str:
    return hashlib.sha1(f"{repo} {index}".encode()).hexdigest()


def _oid(path: str, data: bytes | None) -> str | None:
    """Return the name that Git or Git LFS gives to these bytes."""
    if data is None:
        return None
    if path.endswith(".parquet"):
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


ROUTES = (
    (r"POST /api/repos/create", "create"),
    (r"POST /api/validate-yaml", "validate"),
    (r"GET /api/whoami-v2", "whoami"),
    (rf"POST /api/datasets/{REPO}/preupload/{REVISION}", "preupload"),
    (rf"POST /datasets/{REPO}\.git/info/lfs/objects/batch", "batch"),
    (r"PUT /objects/(?P<oid>[0-9a-f]{64})", "upload"),
    (rf"POST /api/datasets/{REPO}/commit/{REVISION}", "commit"),
    (rf"POST /api/datasets/{REPO}/tag/{REVISION}", "tag"),
    (rf"GET /api/datasets/{REPO}", "info"),
    (rf"GET /api/datasets/{REPO}/revision/{REVISION}", "info"),
    (rf"GET /api/datasets/{REPO}/tree/{REVISION}(?:/(?P<below>.+))?", "tree"),
    (rf"POST /api/datasets/{REPO}/paths-info/{REVISION}", "paths"),
    (rf"GET /datasets/{REPO}/resolve/{REVISION}/(?P<file>.+)", "resolve"),
)
