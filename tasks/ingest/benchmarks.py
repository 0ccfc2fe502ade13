"""Refuse a benchmark's own test problems unless the settings ask for them."""

from collections.abc import Sequence

from storage.errors import ConfigError
from tasks.ingest.form import choose_split
from tasks.ingest.forms.table import FORMS
from tasks.ingest.settings import AppsSource, FormSource, HumanEvalSource, MbppSource, Source


def check_benchmarks(sources: Sequence[Source]) -> None:
    """Check that every source with a benchmark's test problems says `benchmark: true`.

    Raises:
        ConfigError: one does not.
    """
    for source in sources:
        name, is_tested = _describe(source)
        if is_tested and not getattr(source, "benchmark", True):
            raise ConfigError(
                f"{source.path}: benchmark: expected true, got false: these are test problems of the benchmark {name}, "
                "and datasets made of them spoil it; set `benchmark: true` (--benchmark), or choose another split",
                field="benchmark",
            )


def _describe(source: Source) -> tuple[str, bool]:
    """Return (name of the benchmark, whether the source holds its test problems)."""
    match source:
        case HumanEvalSource():
            return "HumanEval", True
        case MbppSource() | AppsSource():
            return source.kind.upper(), source.split in ("test", "all")
        case FormSource():
            tested = FORMS[source.form].benchmark
            return source.form, bool(tested) and choose_split(source) in (*tested, "all")
        case _:
            return "", False
