"""The named forms of rows: how each is converted, its licence, and its splits."""

from collections.abc import Callable
from dataclasses import dataclass

from tasks.ingest.forms.asserts import convert_acecode, convert_opencodeinstruct
from tasks.ingest.forms.contests import convert_apps, convert_codecontests
from tasks.ingest.forms.ds1000 import convert_ds1000
from tasks.ingest.forms.evalplus import convert_humanevalplus, convert_mbppplus
from tasks.ingest.forms.humaneval_forms import convert_fix, convert_plain
from tasks.ingest.forms.kodcode import convert_kodcode
from tasks.ingest.forms.rewards import convert_deepcoder, convert_livecodebench
from tasks.ingest.mbpp import convert_mbpp, is_in_split
from tasks.ingest.records import Fields
from tasks.ingest.settings import FormName, FormSource

NO_ASSERTION = "NOASSERTION"
"""SPDX's word for a licence that nobody states."""


@dataclass(frozen=True)
class Form:
    """What is known of one form."""

    convert: Callable[[Fields, int, FormSource], Fields]
    """(row, number from 1, settings) -> fields of a Problem, with `references`; raises UnusableRecordError."""
    licence: str
    """Licence that the authors state of the set, in SPDX's words."""
    splits: tuple[str, ...] = ("train",)
    """Splits of the set; the first is the default."""
    benchmark: tuple[str, ...] = ()
    """Splits that a benchmark tests models with."""
    belongs: Callable[[Fields, str], bool] | None = None
    """(row, split) -> whether the row belongs to the split, where rows say it; None where files do."""


def _convert_mbpp(row: Fields, number: int, settings: FormSource) -> Fields:
    fields = convert_mbpp({"test_setup_code": "", **row})
    return {**fields, "references": [fields.pop("reference")]}


_TESTED = ("test",)
FORMS: dict[FormName, Form] = {
    "apps": Form(convert_apps, "MIT", ("train", "test"), _TESTED),
    "taco": Form(convert_apps, "Apache-2.0", ("train", "test"), _TESTED),
    "codecontests": Form(convert_codecontests, "CC-BY-4.0", ("train", "validation", "test"), _TESTED),
    "livecodebench": Form(convert_livecodebench, NO_ASSERTION, _TESTED, _TESTED),
    "kodcode": Form(convert_kodcode, "CC-BY-NC-4.0"),
    "acecode": Form(convert_acecode, "MIT"),
    "opencodeinstruct": Form(convert_opencodeinstruct, "CC-BY-4.0"),
    "deepcoder": Form(convert_deepcoder, "MIT", ("train", "test"), _TESTED),
    "verl": Form(convert_deepcoder, NO_ASSERTION, ("train", "test"), _TESTED),
    "mbpp": Form(
        _convert_mbpp,
        "CC-BY-4.0",
        ("train", "validation", "test", "prompt"),
        _TESTED,
        lambda row, split: is_in_split(row.get("task_id"), split),
    ),
    "mbppplus": Form(convert_mbppplus, "Apache-2.0", _TESTED, _TESTED),
    "humaneval": Form(convert_plain, "MIT", _TESTED, _TESTED),
    "humanevalplus": Form(convert_humanevalplus, "Apache-2.0", _TESTED, _TESTED),
    "humanevalfix": Form(convert_fix, "MIT", _TESTED, _TESTED),
    "ds1000": Form(convert_ds1000, "CC-BY-SA-4.0", _TESTED, _TESTED),
}
