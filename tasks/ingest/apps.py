"""Read APPS: a folder per problem; programs on stdin and stdout, functions, and methods of `class Solution`."""

import json
from collections.abc import Iterator
from pathlib import Path

from storage.errors import ConfigError
from tasks.ingest.dropped import DroppedRecord, SourceRecord, UnusableRecordError, drop_record
from tasks.ingest.forms.cases import CALL_CONTEXT, convert_cases
from tasks.ingest.forms.fields import build_prompt, list_references
from tasks.ingest.lines import translate_errors
from tasks.ingest.records import Fields, build_problem, decode_json, require_field
from tasks.ingest.settings import AppsSource
from tasks.reading.problem import Problem

_FIX = "expected APPS's folder train/ or test/, with a subfolder 0000/, 0001/ ... per problem"


def read_apps(settings: AppsSource) -> Iterator[SourceRecord]:
    """Read APPS's problems in order of folder.

    Raises:
        ConfigError: the folder is missing or holds no problem folders.
    """
    with translate_errors(settings.path, "apps path", _FIX):
        all_folders = _list_folders(settings.path)
        if not all_folders:
            raise ConfigError(f"{settings.path}: no problem folders in it (apps path); {_FIX}", field="path")
        folders = [folder for folder in all_folders if _is_in_split(folder, settings.split)]
        if not folders:
            raise ConfigError(
                f"{settings.path}: split: expected problems of split {settings.split!r}, got "
                f"{all_folders[0].parent.name!r} only; set `split` to it, or correct the path",
                field="split",
            )
        for folder in folders:
            where = f"{folder.parent.name}/{folder.name}"
            try:
                record: Problem | DroppedRecord = build_problem(_read_fields(folder, where, settings))
            except UnusableRecordError as error:
                record = drop_record(settings.name, where, error, _read_excerpt(folder), where)
            yield where, record


def _list_folders(path: Path) -> list[Path]:
    folders = sorted(folder for folder in path.iterdir() if folder.name.isdigit() and folder.is_dir())
    return folders or sorted(folder for folder in path.glob("*/*") if folder.name.isdigit() and folder.is_dir())


def _is_in_split(folder: Path, split: str) -> bool:
    """Return whether a problem belongs to a split; one outside of folders train and test belongs to any."""
    parent = folder.parent.name
    return split == "all" or parent not in ("train", "test") or parent == split


def _read_fields(folder: Path, where: str, settings: AppsSource) -> Fields:
    starter = _read_text(folder / "starter_code.py") if (folder / "starter_code.py").exists() else ""
    tests_fields = decode_json(_read_text(folder / "input_output.json"))
    metadata = decode_json(_read_text(folder / "metadata.json")) if (folder / "metadata.json").exists() else {}
    solutions = decode_json(_read_text(folder / "solutions.json")) if (folder / "solutions.json").exists() else []
    if not isinstance(tests_fields, dict):
        raise UnusableRecordError("bad_value", "input_output.json: expected an object")
    function = tests_fields.get("fn_name")
    inputs, outputs = require_field(tests_fields, "inputs", list), require_field(tests_fields, "outputs", list)
    if function is not None and not all(isinstance(arguments, list) for arguments in inputs):
        raise UnusableRecordError("bad_tests", "input_output.json: expected a list of arguments per call")
    entry_point, tests = convert_cases(inputs, outputs, function, starter)
    codes = [code for code in solutions if isinstance(code, str)] if isinstance(solutions, list) else []
    references = list_references(codes, settings.references)
    url = metadata.get("url") if isinstance(metadata, dict) else None
    return {
        "source": settings.name,
        "source_id": where,
        "prompt": build_prompt(_read_text(folder / "question.txt"), function, starter),
        "entry_point": entry_point,
        "tests": tests,
        "context": CALL_CONTEXT if function is not None else "",
        "reference": references[0] if references else None,
        "alternatives": references[1:],
        "licence": settings.licence,
        "origin": url or where,
    }


def _read_text(file: Path) -> str:
    try:
        return file.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise UnusableRecordError("missing_field", f"{file.name}: no such file") from None
    except UnicodeDecodeError as error:
        raise UnusableRecordError("not_utf8", f"{file.name}: byte {error.start} is no UTF-8") from None


def _read_excerpt(folder: Path) -> bytes:
    """Return the question, or else the names of the folder's files, to recognise the problem by."""
    question = folder / "question.txt"
    if question.is_file():
        return question.read_bytes()
    return json.dumps(sorted(file.name for file in folder.iterdir())).encode()
