"""Read MBPP: a sentence, a program and three asserts a line."""

from collections.abc import Iterator

from tasks.ingest.dropped import SourceRecord, UnusableRecordError
from tasks.ingest.lines import convert_lines, open_lines, translate_errors
from tasks.ingest.records import Fields, require_field, require_strings
from tasks.ingest.settings import MbppSource
from tasks.reading.python_text import copy_imports, find_entry_point

SPLITS = {"prompt": (1, 10), "test": (11, 510), "validation": (511, 600), "train": (601, 974)}
"""First and last `task_id` of each split, as the authors state them."""


def read_mbpp(settings: MbppSource) -> Iterator[SourceRecord]:
    """Read the problems of one split of MBPP's own JSONL in the order of the file.

    Raises:
        ConfigError: the file is missing or unreadable.
    """
    path = settings.path
    with translate_errors(path, "mbpp path", "expected mbpp.jsonl of google-research/mbpp"), open_lines(path) as file:
        yield from convert_lines(
            file,
            settings.name,
            path.name,
            "task_id",
            lambda fields, where: {
                **convert_mbpp(fields, settings.challenge_tests),
                "source": settings.name,
                "licence": settings.licence,
                "origin": where,
            },
            lambda fields: is_in_split(fields.get("task_id"), settings.split),
        )


def is_in_split(task_id: object, split: str) -> bool:
    """Return whether a row belongs to a split; an id that can't be read, or that no split has, belongs to train."""
    digits = str(task_id).rpartition("/")[2]
    number = int(digits) if digits.isdecimal() else 0
    name = next((name for name, (first, last) in SPLITS.items() if first <= number <= last), "train")
    return split in ("all", name)


def convert_mbpp(fields: Fields, challenge_tests: bool = False) -> Fields:
    """Return the fields of a Problem; of the sanitized form, too.

    Raises:
        UnusableRecordError: a field is missing or wrong, or no function is called by all asserts.
    """
    asserts = require_strings(fields, "test_list")
    if challenge_tests:
        asserts += tuple(test for test in require_strings(fields, "challenge_test_list") if test not in asserts)
    if not asserts:
        raise UnusableRecordError("no_tests", "test_list: expected at least one assert")
    code = _normalise_line_ends(require_field(fields, "code", str))
    name = find_entry_point(code, asserts)
    if name is None:
        raise UnusableRecordError("no_entry_point", "no name that the reference defines is called by every assert")
    if "test_imports" in fields:  # the sanitized form
        setup, prompt = "\n".join(require_strings(fields, "test_imports")), "prompt"
    else:
        setup, prompt = _normalise_line_ends(require_field(fields, "test_setup_code", str)).strip(), "text"
    imports = copy_imports(code, "\n".join((setup, *asserts)))
    return {
        "source_id": str(require_field(fields, "task_id", int)),
        "prompt": require_field(fields, prompt, str).strip(),
        "entry_point": name,
        "tests": {"kind": "asserts", "setup": "\n".join(filter(None, (imports, setup))), "asserts": asserts},
        "reference": code,
    }


def _normalise_line_ends(code: str) -> str:
    return code.replace("\r\n", "\n").replace("\r", "\n")
