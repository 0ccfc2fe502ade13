"""MBPP: a sentence, a program and three asserts a line."""

from collections.abc import Iterator

from tasks.ingest.dropped import Found, UnusableError
from tasks.ingest.lines import each_row, naming, opened
from tasks.ingest.records import Fields, required, texts
from tasks.ingest.settings import MbppSource
from tasks.reading.python_text import copy_imports, find_entry_point


def read(settings: MbppSource) -> Iterator[Found]:
    """The problems of MBPP's own JSONL; raises ConfigError where the file is missing or unreadable."""
    with (
        naming(settings.path, "mbpp path", "expected mbpp.jsonl of google-research/mbpp"),
        opened(settings.path) as file,
    ):
        yield from each_row(
            file, settings.name, settings.path.name, "task_id", lambda row, where: convert(row, where, settings)
        )


def convert(row: Fields, where: str, settings: MbppSource) -> Fields:
    """Fields of a Problem; raises UnusableError, also where no function is called by all asserts."""
    asserts = texts(row, "test_list")
    if settings.challenge_tests:
        asserts += tuple(test for test in texts(row, "challenge_test_list") if test not in asserts)
    if not asserts:
        raise UnusableError("no_tests", "test_list: expected at least one assert")
    code = _unix(required(row, "code", str))
    name = find_entry_point(code, asserts)
    if name is None:
        raise UnusableError("no_entry_point", "no name that the reference defines is called by every assert")
    setup = _unix(required(row, "test_setup_code", str)).strip()
    missing = copy_imports(code, "\n".join((setup, *asserts)))
    return {
        "source": settings.name,
        "source_id": str(required(row, "task_id", int)),
        "prompt": required(row, "text", str).strip(),
        "entry_point": name,
        "tests": {"kind": "asserts", "setup": "\n".join(filter(None, (missing, setup))), "asserts": asserts},
        "reference": code,
        "licence": settings.licence,
        "origin": where,
    }


def _unix(code: str) -> str:
    return code.replace("\r\n", "\n").replace("\r", "\n")
