"""Collect seeds from the files of packages, with a drop for everything that is left out.

The order in which files and sources are read does not matter: of two near duplicates the one with the smaller id stays,
and `limit` takes the smallest ids.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from storage.errors import ConfigError
from storage.ids import bucket_of, content_id
from storage.rows import DropRow, SeedRow
from tasks.mining.fragments import (
    FileReason,
    Fragment,
    find_fragments,
    find_spdx_licence,
    is_borrowed,
    is_generated,
    is_skipped,
)
from tasks.mining.measures import find_near_duplicates, make_shingles, tokenize_code
from tasks.mining.packages import Package, open_packages
from tasks.mining.settings import CodeSource, MiningSettings
from tasks.reading.licences import is_allowed, parse_allow_list

MAX_BYTES = 400_000
SHINGLE_TOKENS = 5


@dataclass(frozen=True)
class SeedCollection:
    """The rows that reading code gives, by id."""

    seeds: dict[str, SeedRow] = field(default_factory=dict)
    drops: dict[str, DropRow] = field(default_factory=dict)


def collect_seeds(sources: Sequence[CodeSource], settings: MiningSettings, buckets: int) -> SeedCollection:
    """Read all sources; return their seeds, and a drop for every package, file or definition that is left out.

    Args:
        sources: where to read; a seed that several of them hold belongs to the first that selects it.
        settings: bounds and similarity.
        buckets: of the lake, which decide each row's partition.

    Raises:
        ConfigError: a source cannot be opened, has no recognised licence, or allows something that is no licence.
    """
    drops: dict[str, DropRow] = {}
    seeds_by_source: list[dict[str, SeedRow]] = []
    for source in sources:
        seeds: dict[str, SeedRow] = {}
        allow_list = parse_allow_list(source.licences)
        for package in open_packages(source):
            if is_allowed(package.licence, allow_list):
                collection = _read_package(package, source.name, allow_list, settings, buckets)
                seeds |= collection.seeds
                drops |= collection.drops
            else:
                row_id = content_id("package", name=package.name, version=package.version, commit=package.commit)
                detail = f"{package.licence} ({package.licence_file}); allowed: {', '.join(source.licences)}"
                drops[row_id] = drop_row(row_id, "licence", f"{package.name} {package.version}: {detail}", buckets)
        seeds_by_source.append(seeds)
    shingles = {
        seed_id: make_shingles(tokenize_code(row["code"]), SHINGLE_TOKENS)
        for seeds in seeds_by_source
        for seed_id, row in seeds.items()
    }
    duplicates = find_near_duplicates(shingles, settings.similarity)
    selected: dict[str, SeedRow] = {}
    for source, seeds in zip(sources, seeds_by_source, strict=True):
        for seed_id, other in duplicates.items():
            if seed_id in seeds:
                detail = f"{_location(seeds[seed_id])} is near {other}"
                drops[seed_id] = drop_row(seed_id, "near_duplicate", detail, buckets)
        distinct_ids = sorted(seed_id for seed_id in seeds if seed_id not in duplicates and seed_id not in selected)
        selected |= {seed_id: seeds[seed_id] for seed_id in distinct_ids[: source.limit]}
    return SeedCollection(selected, drops)


def drop_row(row_id: str, reason: str, detail: str, buckets: int) -> DropRow:
    """Return the row of something that was left out; `row_id` is a content id, which decides the bucket."""
    return {
        "stage": "mine",  # the stage's name in lakes that exist
        "row_id": row_id,
        "problem_id": None,
        "bucket": bucket_of(row_id, buckets),
        "reason": reason,
        "detail": detail,
    }


def _read_package(
    package: Package, source: str, allow_list: Collection[str], settings: MiningSettings, buckets: int
) -> SeedCollection:
    """Return the seeds and drops of one package whose licence is allowed."""
    collection = SeedCollection()
    for place, path in package.files:
        if is_skipped(place):
            continue
        text, file_fault = _read_file(path, allow_list)
        fragments = find_fragments(text, settings) if file_fault is None else None
        if fragments is None:
            reason, detail = file_fault or ("not_python", "no Python 3")
            row_id = content_id("file", package=package.name, version=package.version, path=str(place))
            collection.drops[row_id] = drop_row(row_id, reason, f"{package.name} {place}: {detail}", buckets)
            continue
        for fragment in fragments:
            row = _seed_row(fragment, package, place, source, buckets)
            if fragment.reason is None:
                collection.seeds[row["seed_id"]] = row
            else:
                detail = f"{_location(row)}: {fragment.detail}".removesuffix(": ")
                collection.drops[row["seed_id"]] = drop_row(row["seed_id"], fragment.reason, detail, buckets)
    return collection


def _read_file(path: Path, allow_list: Collection[str]) -> tuple[str, tuple[FileReason, str] | None]:
    """Return the text of a file, and the reason and detail where the file is left out."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return "", ("too_large", f"{size} bytes, at most {MAX_BYTES}")
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        return "", ("not_utf8", f"byte {error.start}")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}; repair the package or leave it out") from None
    if is_generated(text):
        return text, ("generated", "its head says that a program wrote it")
    if is_borrowed(text):
        return text, ("borrowed", "its head says that it came from elsewhere")
    licence = find_spdx_licence(text)
    if licence is not None and not is_allowed(licence, allow_list):
        return text, ("other_licence", licence)
    return text, None


def _seed_row(fragment: Fragment, package: Package, place: PurePosixPath, source: str, buckets: int) -> SeedRow:
    path = str(place)
    seed_id = content_id("seed", package=package.name, path=path, name=fragment.name, code=fragment.code)
    return {
        "seed_id": seed_id,
        "bucket": bucket_of(seed_id, buckets),
        "source": source,
        "package": package.name,
        "version": package.version,
        "commit": package.commit,
        "path": path,
        "line": fragment.line,
        "kind": fragment.kind,
        "name": fragment.name,
        "signature": fragment.signature,
        "code": fragment.code,
        "licence": package.licence,
        "licence_file": package.licence_file,
    }


def _location(seed: SeedRow) -> str:
    return f"{seed['package']} {seed['path']}:{seed['line']} {seed['name']}"
