"""A hub on loopback that takes and serves data sets: what huggingface_hub and datasets need of one, over real bytes.

The protocol is that of huggingface_hub's _commit_api.py, lfs.py and file_download.py: create, preupload, Git LFS batch
and upload, one commit of NDJSON lines, tags; then the tree, paths-info and resolve.
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
    """`repos[name]` is the list of commits, the newest last: each a mapping of path to bytes."""

    def __init__(self) -> None:
        self.repos: dict[str, list[dict[str, bytes]]] = {}
        self.tags: dict[tuple[str, str], int] = {}
        self.private: dict[str, bool] = {}
        self.objects: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.refuse: Mapping[str, int] = {}
        """Status by a piece of a path: such requests fail so."""
        self.lock = threading.Lock()
        hub = self

        class Handler(_Handler):
            of = hub

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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
        return self.repos[repo][self._place(repo, revision)]

    def sha(self, repo: str, revision: str = "main") -> str:
        return hashlib.sha1(f"{repo} {self._place(repo, revision)}".encode()).hexdigest()

    def _place(self, repo: str, revision: str) -> int:
        newest = len(self.repos[repo]) - 1
        named = {hashlib.sha1(f"{repo} {n}".encode()).hexdigest(): n for n in range(newest + 1)}
        return {"main": newest, **named}.get(revision, self.tags.get((repo, revision), newest))


class _Handler(BaseHTTPRequestHandler):
    of: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""

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
        self.of.requests.append(f"{method} {path}")
        for piece, status in self.of.refuse.items():
            if piece in f"{method} {path}":
                return self._json(status, {"error": f"refused {path} for {self.headers.get('Authorization')}"})
        if method in ("POST", "PUT") and not self._known():
            return self._json(401, {"error": "Invalid credentials in Authorization header"})
        for pattern, name in ROUTES:
            found = re.fullmatch(pattern, f"{method.replace('HEAD', 'GET')} {path}")
            if found:
                with self.of.lock:
                    return getattr(self, name)(body=body, **found.groupdict())
        return self._json(404, {"error": f"no such page: {path}"})

    def _known(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}" or self.path.startswith("/objects/")

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        repo = f"{asked.get('organization') or 'me'}/{asked['name']}"
        status = 409 if repo in self.of.repos else 200
        self.of.repos.setdefault(repo, [{".gitattributes": b""}])
        self.of.private.setdefault(repo, asked.get("visibility") == "private" or asked.get("private", False))
        self._json(status, {"url": f"{self.of.url}/datasets/{repo}", "name": repo, "id": repo})

    def validate(self, body: bytes) -> None:
        self._json(200, {"errors": [], "warnings": []})

    def whoami(self, body: bytes) -> None:
        self._json(200, {"name": "me", "type": "user", "orgs": []})

    def preupload(self, body: bytes, repo: str, revision: str) -> None:
        held = self.of.files(repo)
        files = [
            {"path": f["path"], "uploadMode": "lfs" if f["path"].endswith(".parquet") else "regular",
             "shouldIgnore": False, "oid": _oid(f["path"], held.get(f["path"]))}
            for f in json.loads(body)["files"]
        ]  # fmt: skip
        self._json(200, {"files": files})

    def batch(self, body: bytes, repo: str) -> None:
        asked = json.loads(body)["objects"]
        objects = [
            {**one, "actions": {"upload": {"href": f"{self.of.url}/objects/{one['oid']}"}}}
            for one in asked if one["oid"] not in self.of.objects
        ]  # fmt: skip
        known = [one for one in asked if one["oid"] in self.of.objects]
        self._json(200, {"transfer": "basic", "objects": [*objects, *known]})

    def upload(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self._json(400, {"error": "these bytes have another hash"})
        self.of.objects[oid] = body
        return self._json(200, {})

    def commit(self, body: bytes, repo: str, revision: str) -> None:
        new = dict(self.of.files(repo))
        for line in body.splitlines():
            item = json.loads(line)
            value = item["value"]
            match item["key"]:
                case "header" if value.get("parentCommit", self.of.sha(repo)) != self.of.sha(repo):
                    return self._json(412, {"error": "somebody else committed in between"})
                case "file":
                    new[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    new[value["path"]] = self.of.objects[value["oid"]]
                case "deletedFile":
                    del new[value["path"]]
        self.of.repos[repo].append(new)
        sha = self.of.sha(repo)
        return self._json(200, {"commitUrl": f"{self.of.url}/datasets/{repo}/commit/{sha}", "commitOid": sha})

    def tag(self, body: bytes, repo: str, revision: str) -> None:
        name = json.loads(body)["tag"]
        if (repo, name) in self.of.tags:
            return self._json(409, {"error": "tag exists"})
        self.of.tags[(repo, name)] = len(self.of.repos[repo]) - 1
        return self._json(200, {})

    def info(self, body: bytes, repo: str, revision: str = "main") -> None:
        if repo not in self.of.repos:
            return self._json(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        files = [{"rfilename": path} for path in self.of.files(repo, revision)]
        return self._json(200, {"id": repo, "sha": self.of.sha(repo, revision), "siblings": files, "private": True,
                                "tags": [], "downloads": 0, "likes": 0, "disabled": False, "gated": False})  # fmt: skip

    def tree(self, body: bytes, repo: str, revision: str, below: str = "") -> None:
        deep = "recursive=true" in self.path.lower()
        inside = [path for path in self._paths(repo, revision) if path.startswith(f"{below}/" if below else "")]
        found = [path for path in inside if deep or "/" not in path.removeprefix(f"{below}/")]
        if not found:
            return self._json(404, {"error": "no such folder"}, {"X-Error-Code": "EntryNotFound"})
        return self._json(200, [self._entry(repo, revision, path) for path in found])

    def paths(self, body: bytes, repo: str, revision: str) -> None:
        wanted = set(parse_qs(body.decode())["paths"])
        self._json(200, [self._entry(repo, revision, p) for p in self._paths(repo, revision) if p in wanted])

    def _paths(self, repo: str, revision: str) -> list[str]:
        """Files, and the folders that they make."""
        files = self.of.files(repo, revision)
        return sorted({*files, *(str(up) for path in files for up in PurePosixPath(path).parents if up.name)})

    def _entry(self, repo: str, revision: str, path: str) -> dict[str, Any]:
        data = self.of.files(repo, revision).get(path)
        if data is None:
            return {"type": "directory", "path": path, "size": 0, "oid": hashlib.sha1(path.encode()).hexdigest()}
        entry = {"type": "file", "path": path, "size": len(data), "oid": _oid(path, data)}
        if path.endswith(".parquet"):
            digest = hashlib.sha256(data).hexdigest()
            entry["lfs"] = {"oid": digest, "sha256": digest, "size": len(data), "pointerSize": 130}
        return entry

    def resolve(self, body: bytes, repo: str, revision: str, file: str) -> None:
        data = self.of.files(repo, revision).get(file)
        if data is None:
            return self._json(404, {"error": "no such file"}, {"X-Error-Code": "EntryNotFound"})
        headers = {"ETag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Repo-Commit": self.of.sha(repo, revision)}
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(asked[1]), int(asked[2] or len(data) - 1)
            headers["Content-Range"] = f"bytes {first}-{min(last, len(data) - 1)}/{len(data)}"
            return self._send(206, data[first : last + 1], headers)
        return self._send(200, data, headers)

    def _json(self, status: int, value: Any, headers: Mapping[str, str] | None = None) -> None:
        said = {"X-Error-Message": value["error"]} if isinstance(value, dict) and "error" in value else {}
        self._send(status, json.dumps(value).encode(), {"Content-Type": "application/json", **said, **(headers or {})})

    def _send(self, status: int, data: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)


def _oid(path: str, data: bytes | None) -> str | None:
    """As Git or Git LFS call these bytes."""
    if data is None or path.endswith(".parquet"):
        return data and hashlib.sha256(data).hexdigest()
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
