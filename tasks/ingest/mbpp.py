"""Read MBPP: a sentence, a program and three asserts a line."""

from collections.abc import Iterator

from tasks.ingest.dropped import SourceRecord, UnusableRecordError
from tasks.ingest.lines import convert_lines, open_lines, translate_errors
from tasks.ingest.records import Fields, require_field, require_strings
from tasks.ingest.settings import MbppSource
from tasks.reading.python_text import copy_imports, find_entry_point


def read_mbpp(settings: MbppSource) -> Iterator[SourceRecord]:
    """Read the problems of MBPP's own JSONL in the order of the file.

    Raises:
        ConfigError: the file is missing or unreadable.
    """
    path = settings.path
    with translate_errors(path, "mbpp path", "expected mbpp.jsonl of google-research/mbpp"), open_lines(path) as file:
        yield from convert_lines(
            file, settings.name, path.name, "task_id", lambda fields, where: _convert(fields, where, settings)
        )


def _convert(fields: Fields, where: str, settings: MbppSource) -> Fields:
    """Return the fields of a Problem.

    Raises:
        UnusableRecordError: a field is missing or wrong, or no function is called by all asserts.
    """
    asserts = require_strings(fields, "test_list")
    if settings.challenge_tests:
        asserts += tuple(test for test in require_strings(fields, "challenge_test_list") if test not in asserts)
    if not asserts:
        raise UnusableRecordError("no_tests", "test_list: expected at least one assert")
    code = _normalise_line_ends(require_field(fields, "code", str))
    name = find_entry_point(code, asserts)
    if name is None:
        raise UnusableRecordError("no_entry_point", "no name that the reference defines is called by every assert")
    setup = _normalise_line_ends(require_field(fields, "test_setup_code", str)).strip()
    imports = copy_imports(code, "\n".join((setup, *asserts)))
    return {
        "source": settings.name,
        "source_id": str(require_field(fields, "task_id", int)),
        "prompt": require_field(fields, "text", str).strip(),
        "entry_point": name,
        "tests": {"kind": "asserts", "setup": "\n".join(filter(None, (imports, setup))), "asserts": asserts},
        "reference": code,
        "licence": settings.licence,
        "origin": where,
    }


def _normalise_line_ends(code: str) -> str:
    return code.replace("\r\n", "\n").replace("\r", "\n")
