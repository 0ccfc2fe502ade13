"""The card of a version: what SQL found, filled into card.jinja. What models and sources wrote stays text."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
from jinja2 import Environment, StrictUndefined, Template

from storage.catalog import Catalog, statement
from storage.publication import as_yaml
from tasks.publish.gates import Outcome
from tasks.publish.settings import PublishSettings
from tasks.publish.version import MADE_BY, QUESTIONS, Draft, published_schema

_SPECIAL = re.compile(r"([\\`*_\[\]|!~#$])")
_LICENCES = frozenset({
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "cc-by-sa-3.0",
    "cc-by-3.0", "mpl-2.0", "unlicense", "zlib", "postgresql", "bsl-1.0", "ecl-2.0",
})  # fmt: skip
"""SPDX names in small letters that Hugging Face's list of licences has, too; others are `other` there."""
LONGEST = 4000
"""Characters of one turn that the card shows."""


def cell(value: Any) -> str:
    """Text for a cell of a table, or for a line: nothing in it is markup, and it stays one line."""
    text = " ".join(("" if value is None else str(value)).split())
    return _SPECIAL.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def markdown_table(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows as a table in Markdown; numbers to the right."""
    rows = list(rows)
    if not rows:
        return "(none)"
    names = list(rows[0])
    numeric = [all(isinstance(row[name], int | float | None) for row in rows) for name in names]
    lines = [names, ["--:" if right else "---" for right in numeric]]
    lines += [[cell(row[name]) for name in names] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fenced(text: str, language: str = "") -> str:
    """A block of code that nothing in `text` can end: its fence is longer than any run of backticks within."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}\n... ({len(text) - LONGEST} more characters)"
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def header(draft: Draft, how: PublishSettings) -> str:
    """The card's YAML: which files are which split, with columns and sizes, as `datasets` reads them."""
    from datasets import Features  # takes seconds
    from datasets.info import DatasetInfo, DatasetInfosDict
    from datasets.splits import SplitDict, SplitInfo
    from huggingface_hub import DatasetCardData

    splits = SplitDict()
    for split, data in draft.splits().items():
        if data.num_rows:
            splits.add(SplitInfo(split, num_examples=data.num_rows, num_bytes=data.nbytes))
    info = DatasetInfo(features=Features.from_arrow_schema(published_schema(draft.table)), splits=splits)
    data = DatasetCardData()
    DatasetInfosDict({"default": info}).to_dataset_card_data(data)
    licences = {name.lower() for name in draft.rows.column("licence").to_pylist()}
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    top = {
        "pretty_name": how.title or draft.table.name,
        "license": sorted({name if name in _LICENCES else "other" for name in licences}),
        "task_categories": ["text-generation"],
        "tags": ["code", "patchmill", *(["dpo"] if draft.table.name.startswith("preference") else [])],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return as_yaml({**top, **data.to_dict()})  # type: ignore[no-untyped-call]


def card(
    catalog: Catalog, draft: Draft, how: PublishSettings, outcomes: Sequence[Outcome], number: int, last: int | None
) -> str:
    """README.md of a version; `catalog` is the one that the draft was made with."""
    schema = published_schema(draft.table)
    counts = {"rows in the lake": draft.candidates, **{f"left out: {k}": n for k, n in draft.left_out().items()}}
    body = _template().render(
        title=how.title or draft.table.name,
        summary=how.summary or f"One row is {draft.table.about}.",
        name=draft.table.name,
        number=number,
        last=last,
        splits=[{"split": split, "rows": n} for split, n in draft.facts.splits.items()],
        empty=[split for split, n in draft.facts.splits.items() if not n],
        kept=[{"step": step, "rows": n} for step, n in {**counts, "published": draft.rows.num_rows}.items()],
        sources=catalog.rows(statement("card_sources")),
        models=catalog.rows(statement("card_models")),
        judges=catalog.rows(statement("card_judges")),
        funnel=catalog.rows(statement("card_funnel")),
        rates=[{"programs": name, "count": n, "rate": _share(n, draft.facts.judged)} for name, n in _rates(draft)],
        judged=draft.facts.judged,
        report=json.dumps(draft.report, indent=1, ensure_ascii=False, default=str),
        left=catalog.rows(statement("card_left")),
        compared=draft.facts.contaminated is not None,
        gates=[outcome.row() for outcome in outcomes],
        changes=[{k: v for k, v in row.items() if k != "rows_before"} for row in draft.changes],
        columns=[_column(field) for field in schema],
        examples=[_turns(row) for row in catalog.rows(statement("card_examples"))],
        versions=catalog.versions,
        scripts=scripts(draft),
        cell=cell, table=markdown_table, fenced=fenced,
    )  # fmt: skip
    return f"---\n{header(draft, how)}---\n{body}"


def scripts(draft: Draft) -> dict[str, str]:
    """The SQL that made the version, by the name of its file: of the data set first, then of the publication."""
    return {name: statement(name) for name in (*MADE_BY[draft.table.name], *QUESTIONS)}


@cache
def _template() -> Template:
    text = (Path(__file__).parent / "card.jinja").read_text(encoding="utf-8")
    made = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    return made.from_string(text)


def _rates(draft: Draft) -> list[tuple[str, int]]:
    told = {"infra": "infra (our sandbox failed)", "tampered": "tampered (hack rate)", "flaky": "flaky"}
    return [(told[name], count) for name, count in draft.facts.rates.items()]


def _share(count: int, of: int) -> str:
    return f"{count / of:.2%}" if of else "-"


def _column(field: pa.Field) -> dict[str, str]:
    kind = str(field.type).replace(" not null", "")
    about = (field.metadata or {})[b"about"].decode()
    return {"column": field.name, "type": kind, "null": "yes" if field.nullable else "", "what": about}


def _turns(row: Mapping[str, Any]) -> dict[str, Any]:
    """One row with its turns, each beside the name of its column."""
    names = [name for name in ("prompt", "completion", "chosen", "rejected") if name in row]
    return {**row, "turns": [(name, turn) for name in names for turn in row[name]]}
