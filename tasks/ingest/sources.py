"""Read any source of problems."""

from collections.abc import Iterator

from storage.errors import ConfigError
from tasks.ingest.apps import read_apps
from tasks.ingest.dropped import DroppedRecord, SourceRecord, UnusableRecordError, drop_record
from tasks.ingest.form import read_form
from tasks.ingest.huggingface import read_huggingface
from tasks.ingest.humaneval import read_humaneval
from tasks.ingest.jsonl import read_jsonl
from tasks.ingest.mbpp import read_mbpp
from tasks.ingest.settings import (
    AppsSource,
    FormSource,
    HuggingFaceSource,
    HumanEvalSource,
    JsonlSource,
    MbppSource,
    Source,
)
from tasks.reading.problem import Problem


def read_source(source: Source) -> Iterator[Problem | DroppedRecord]:
    """Yield the problems and dropped records of one source, in its own order, one at a time.

    `ids` leaves out every record with another id; a dropped record whose id could not be read always comes.
    Of two problems with one id the first stays and the second is dropped. `limit` counts problems. Reading stops
    after the last problem that `limit` or `ids` asks for.

    Raises:
        ConfigError: while iterating; a file or dataset is missing or unreadable, or no record has a requested id.
    """
    missing_ids = set(source.ids or ())
    problem_keys: set[tuple[str, str]] = set()
    problem_count = 0
    for where, record in _read_records(source):
        if source.ids is not None and record.source_id is not None and record.source_id not in source.ids:
            continue
        if isinstance(record, Problem) and (record.source, record.source_id) in problem_keys:
            record = _drop_duplicate(where, record)
        if isinstance(record, Problem):
            problem_keys.add((record.source, record.source_id))
            problem_count += 1
        missing_ids.discard(record.source_id or "")
        yield record
        if problem_count == source.limit or (source.ids is not None and not missing_ids):
            return
    if missing_ids:
        raise ConfigError(
            f"{source.path}: ids: expected rows of this {source.kind} source, got {', '.join(sorted(missing_ids))}, "
            "which it does not hold; remove or correct them",
            field="ids",
        )


def _read_records(source: Source) -> Iterator[SourceRecord]:
    match source:
        case JsonlSource():
            return read_jsonl(source)
        case MbppSource():
            return read_mbpp(source)
        case HumanEvalSource():
            return read_humaneval(source)
        case AppsSource():
            return read_apps(source)
        case HuggingFaceSource():
            return read_huggingface(source)
        case FormSource():
            return read_form(source)


def _drop_duplicate(where: str, problem: Problem) -> DroppedRecord:
    error = UnusableRecordError(
        "duplicate", f"source_id {problem.source_id!a} stands twice in this source; the first stays"
    )
    return drop_record(problem.source, where, error, problem.model_dump_json(), problem.source_id)
