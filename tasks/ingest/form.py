"""Read a dataset in a named form: from files, or streamed from the hub."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import DroppedRecord, SourceRecord, UnusableRecordError, drop_record
from tasks.ingest.files import Row, list_files, read_file
from tasks.ingest.forms.table import FORMS, Form
from tasks.ingest.huggingface import stream_rows
from tasks.ingest.records import Fields, build_problem
from tasks.ingest.settings import FormSource
from tasks.reading.problem import Problem

_SPELLINGS = {"train": "train", "training": "train", "test": "test", "testing": "test", "valid": "validation",
              "validation": "validation", "val": "validation"}  # fmt: skip
_ID_FIELDS = ("task_id", "question_id", "problem_id", "id", "name")


def read_form(settings: FormSource) -> Iterator[SourceRecord]:
    """Read the problems of one split, in the order of files and rows.

    Raises:
        ConfigError: a file or dataset is missing or unreadable, or the set has no such split.
    """
    form, split = FORMS[settings.form], choose_split(settings)
    source = settings.name or settings.form
    for label, row in _read_rows(settings, form, split):
        where = f"{label}:{row.number}"
        if isinstance(row.fields, dict) and form.belongs and not form.belongs(row.fields, split):
            continue
        record: Problem | DroppedRecord
        try:
            if isinstance(row.fields, UnusableRecordError):
                raise row.fields
            record = build_problem(_complete(form.convert(row.fields, row.number, settings), where, settings, form))
        except UnusableRecordError as error:
            record = drop_record(source, where, error, row.raw, _read_row_id(row))
        yield where, record


def choose_split(settings: FormSource) -> str:
    """Return the split that is read: the one asked for, else train, else the only one that the set has.

    Raises:
        ConfigError: the set has no such split.
    """
    splits = FORMS[settings.form].splits
    if settings.split is None:
        return splits[0]
    split = _SPELLINGS.get(settings.split, settings.split)
    if split == "all" or split in splits or (not list_files(settings.path) and settings.form not in ("mbpp",)):
        return split  # on the hub a copy of a set may have splits of its own
    raise ConfigError(
        f"{settings.path}: split: expected {' or '.join([*splits, 'all'])} of the form {settings.form}, "
        f"got {settings.split!r}; correct it",
        field="split",
    )


def _complete(fields: Fields, where: str, settings: FormSource, form: Form) -> Fields:
    fields = dict(fields)
    references = fields.pop("references", [])
    reference, *alternatives = references if isinstance(references, list) and references else [None]
    return {
        **fields,
        "source": settings.name or settings.form,
        "licence": settings.licence or form.licence,
        "origin": fields.get("origin") or where,
        "reference": reference,
        "alternatives": alternatives,
    }


def _read_rows(settings: FormSource, form: Form, split: str) -> Iterator[tuple[str, Row]]:
    """Yield (file or dataset, row)."""
    files = list_files(settings.path)
    if files:
        for file in _choose_files(files, settings, form, split):
            for row in read_file(file):
                yield file.name, row
        return
    on_hub = "train+test" if split == "all" else split
    label = f"{settings.path}@{on_hub}"
    for number, fields in enumerate(stream_rows(settings.path, settings.config, on_hub, settings.revision), start=1):
        yield label, Row(number, fields, json.dumps(fields, ensure_ascii=False, default=repr))


def _choose_files(files: list[Path], settings: FormSource, form: Form, split: str) -> list[Path]:
    """Return the files of a split: those whose name or folder names it; a file that names none belongs to any.

    Raises:
        ConfigError: every file belongs to another split.
    """
    if form.belongs or len(form.splits) == 1 or split == "all":
        return files
    by_split = [(file, _find_split(file)) for file in files]
    chosen = [file for file, name in by_split if name in (split, None)]
    if not chosen:
        raise ConfigError(
            f"{settings.path}: split: expected files of split {split!r}, got {by_split[0][0].name} of split "
            f"{by_split[0][1]!r}; set `split` to it, or correct the path",
            field="split",
        )
    return chosen


def _find_split(file: Path) -> str | None:
    """Return the split that a file's name begins or ends with, or that its folder is named after; None without one.

    `train-00000-of-00001.parquet` begins with one, `taco_test.jsonl.gz` ends with one.
    """
    words = re.split(r"[^a-z]+", file.name.lower().split(".")[0].strip("_-0123456789"))
    return next((_SPELLINGS[word] for word in (words[0], words[-1], file.parent.name) if word in _SPELLINGS), None)


def _read_row_id(row: Row) -> str | None:
    if not isinstance(row.fields, dict):
        return None
    values = (row.fields.get(name) for name in _ID_FIELDS)
    return next((str(value) for value in values if isinstance(value, str | int)), None)
