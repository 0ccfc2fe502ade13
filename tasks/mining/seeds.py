"""From the files of packages to seeds: what is taken, what is left out and why. Order of files and sources' reading
does not matter: of two alike the one with the smaller id stays, and `limit` takes the smallest ids."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from storage.errors import ConfigError
from storage.ids import content_id
from tasks.mining.candidates import Candidate, Reason, borrowed, candidates, generated, skipped, stated_licence
from tasks.mining.measures import code_tokens, near_duplicates, shingles
from tasks.mining.packages import Package, opened
from tasks.mining.settings import CodeSource
from tasks.reading.licences import is_allowed, parse_allow_list
from tasks.settings import MineSettings

MAX_BYTES = 400_000
SHINGLE = 5

Rows = dict[str, dict[str, Any]]


def mined(sources: Sequence[CodeSource], how: MineSettings) -> tuple[Rows, Rows]:
    """Rows of `seeds` and of `drops` of all sources, by id; without their bucket, which the lake knows.

    Raises:
        ConfigError: a source can't be opened, has no licence that is recognised, or allows what is no licence.
    """
    taken: list[Rows] = []
    drops: Rows = {}
    for source in sources:
        seeds: Rows = {}
        names = parse_allow_list(source.licences)
        for package in opened(source):
            if is_allowed(package.licence, names):
                _read(package, source.name, names, how, seeds, drops)
            else:
                detail = f"{package.licence} ({package.licence_file}); allowed: {', '.join(source.licences)}"
                row_id = content_id("package", name=package.name, version=package.version, commit=package.commit)
                drops[row_id] = drop(row_id, "licence", f"{package.name} {package.version}: {detail}")
        taken.append(seeds)
    sets = {i: shingles(code_tokens(row["code"]), SHINGLE) for seeds in taken for i, row in seeds.items()}
    near = near_duplicates(sets, how.similarity)
    kept: Rows = {}
    for source, seeds in zip(sources, taken, strict=True):
        for seed_id, other in near.items():
            if seed_id in seeds:
                drops[seed_id] = drop(seed_id, "near_duplicate", f"{_where(seeds[seed_id])} is near {other}")
        fair = sorted(seed_id for seed_id in seeds if seed_id not in near and seed_id not in kept)[: source.limit]
        kept |= {seed_id: seeds[seed_id] for seed_id in fair}
    return kept, drops


def _read(package: Package, source: str, names: Collection[str], how: MineSettings, seeds: Rows, drops: Rows) -> None:
    """Add one package's seeds and drops."""
    for where, path in package.files:
        if skipped(where):
            continue
        read = _text(path, names)
        found = candidates(read, how) if not isinstance(read, tuple) else None
        if isinstance(read, tuple) or found is None:
            reason, detail = read if isinstance(read, tuple) else ("not_python", "no Python 3")
            row_id = content_id("file", package=package.name, version=package.version, path=str(where))
            drops[row_id] = drop(row_id, reason, f"{package.name} {where}: {detail}")
            continue
        for one in found:
            row = _seed(one, package, where, source)
            if one.reason is None:
                seeds[row["seed_id"]] = row
            else:
                detail = f"{_where(row)}: {one.detail}".removesuffix(": ")
                drops[row["seed_id"]] = drop(row["seed_id"], one.reason, detail)


def _text(path: Path, names: Collection[str]) -> str | tuple[Reason, str]:
    """What stands in a file, or why it is left out."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return "too_large", f"{path.stat().st_size} bytes, at most {MAX_BYTES}"
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return "not_utf8", f"byte {error.start}"
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; mend the package or leave it out") from None
    if generated(text):
        return "generated", "its head says that a program wrote it"
    if borrowed(text):
        return "borrowed", "its head says that it came from elsewhere"
    licence = stated_licence(text)
    if licence is not None and not is_allowed(licence, names):
        return "other_licence", licence
    return text


def _seed(found: Candidate, package: Package, where: PurePosixPath, source: str) -> dict[str, Any]:
    path = str(where)
    seed_id = content_id("seed", package=package.name, path=path, name=found.name, code=found.code)
    return {
        "seed_id": seed_id,
        "source": source,
        "package": package.name,
        "version": package.version,
        "commit": package.commit,
        "path": path,
        "line": found.line,
        "kind": found.kind,
        "name": found.name,
        "signature": found.signature,
        "code": found.code,
        "licence": package.licence,
        "licence_file": package.licence_file,
    }


def _where(seed: Mapping[str, Any]) -> str:
    return f"{seed['package']} {seed['path']}:{seed['line']} {seed['name']}"


def drop(row_id: str, reason: str, detail: str) -> dict[str, Any]:
    """The row of what was left out, without its bucket."""
    return {"stage": "mine", "row_id": row_id, "problem_id": None, "reason": reason, "detail": detail}
