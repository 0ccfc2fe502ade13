"""One door to all sources."""

from collections.abc import Iterator

from storage.errors import ConfigError
from tasks.ingest import apps, huggingface, humaneval, jsonl, mbpp
from tasks.ingest.dropped import Dropped, Found, UnusableError, dropped
from tasks.ingest.settings import AppsSource, HuggingFaceSource, HumanEvalSource, JsonlSource, MbppSource, Source
from tasks.reading.problem import Problem


def read(source: Source) -> Iterator[Problem | Dropped]:
    """Problems and dropped rows of one source, in its own order, one at a time.

    `ids` leaves out what has another id, dropped or not; a dropped row whose id nobody can read is always shown.
    Of two problems with one id the first stays. `limit` counts problems; nothing is read after the last one wanted.

    Raises:
        ConfigError: while iterating; a file or data set is missing or unreadable, or no row has a wanted id.
    """
    wanted = set(source.ids or ())
    seen: set[tuple[str, str]] = set()
    taken = 0
    for where, made in _all(source):
        if source.ids is not None and made.source_id is not None and made.source_id not in source.ids:
            continue
        if isinstance(made, Problem) and (made.source, made.source_id) in seen:
            made = _duplicate(where, made)
        if isinstance(made, Problem):
            seen.add((made.source, made.source_id))
            taken += 1
        wanted.discard(made.source_id or "")
        yield made
        if taken == source.limit or (source.ids is not None and not wanted):
            return
    if wanted:
        raise ConfigError(
            f"{source.path}: ids: expected rows of this {source.kind} source, got {', '.join(sorted(wanted))}, "
            "which it does not hold; remove or correct them"
        )


def _all(source: Source) -> Iterator[Found]:
    match source:
        case JsonlSource():
            return jsonl.read(source)
        case MbppSource():
            return mbpp.read(source)
        case HumanEvalSource():
            return humaneval.read(source)
        case AppsSource():
            return apps.read(source)
        case HuggingFaceSource():
            return huggingface.read(source)


def _duplicate(where: str, made: Problem) -> Dropped:
    bad = UnusableError("duplicate", f"source_id {made.source_id!a} stands twice in this source; the first stays")
    return dropped(made.source, where, bad, made.model_dump_json(), made.source_id)
