"""Render the card of a version: the results of SQL, filled into card.jinja."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
from jinja2 import Environment, StrictUndefined, Template

from storage.catalog import Catalog
from storage.columns import Table, describe_column
from storage.publication import dump_yaml
from storage.statements import load_statement
from tasks.publish.draft import Draft, published_schema
from tasks.publish.gate_results import RATES, GateResult
from tasks.publish.hub_licences import hub_licences
from tasks.publish.markdown import escape_text, fence_text, format_table
from tasks.publish.settings import PublishSettings

ASSEMBLY_STATEMENTS = {
    "debugging_sft": ("debugging_sft",),
    "preference_correctness": ("preference_programs", "preference_correctness", "preference_pairs"),
    "preference_efficiency": ("preference_programs", "preference_efficiency", "preference_pairs"),
    "preference_kto": ("preference_programs", "preference_kto"),
}
"""By dataset, the files of storage/sql with which the stage assemble builds it."""
PUBLISH_STATEMENTS = ("publish_ineligible", "publish_examples", "publish_rows", "publish_changes")
TURN_COLUMNS = ("prompt", "completion", "chosen", "rejected")


def render_card(
    catalog: Catalog,
    draft: Draft,
    settings: PublishSettings,
    results: Sequence[GateResult],
    number: int,
    last: int | None,
) -> str:
    """Render README.md of a version.

    Args:
        catalog: the catalog with which the version was drafted.
        draft: the version.
        settings: of the stage.
        results: of the gates.
        number: of the version.
        last: number of the last version, if any.
    """
    facts = draft.facts
    body = _load_template().render(
        title=settings.title or draft.dataset.name,
        summary=settings.summary or f"One row is {draft.dataset.description}.",
        name=draft.dataset.name,
        number=number,
        last=last,
        splits=[{"split": split, "rows": rows} for split, rows in facts.rows.items()],
        empty_splits=[split for split, rows in facts.rows.items() if not rows],
        rows=_count_steps(draft),
        sources=catalog.rows(load_statement("card_sources")),
        models=catalog.rows(load_statement("card_models")),
        judges=catalog.rows(load_statement("card_judges")),
        funnel=catalog.rows(load_statement("card_funnel")),
        rates=[
            {"programs": RATES[name], "count": count, "rate": _format_share(count, facts.judged_programs)}
            for name, count in facts.programs.items()
        ],
        judged=facts.judged_programs,
        report=json.dumps(draft.report, indent=1, ensure_ascii=False, default=str),
        left_out=catalog.rows(load_statement("card_left_out")),
        compared=facts.contaminated_rows is not None,
        gates=[result.as_table_row() for result in results],
        changes=[{name: value for name, value in row.items() if name != "rows_before"} for row in draft.changes],
        columns=[_describe_field(field) for field in published_schema(draft.dataset)],
        examples=catalog.rows(load_statement("card_examples")),
        turn_columns=TURN_COLUMNS,
        versions=catalog.versions,
        scripts=load_scripts(draft.dataset),
        text=escape_text,
        table=format_table,
        fence=fence_text,
    )
    return f"---\n{_build_header(draft, settings)}---\n{body}"


def load_scripts(dataset: Table) -> dict[str, str]:
    """Return the SQL that built a version, by the name of its file: that of the dataset, then that of publishing."""
    return {name: load_statement(name) for name in (*ASSEMBLY_STATEMENTS[dataset.name], *PUBLISH_STATEMENTS)}


def _build_header(draft: Draft, settings: PublishSettings) -> str:
    """Return the card's YAML, in which `datasets` reads splits, files, columns and sizes."""
    from datasets import Features  # takes seconds
    from datasets.info import DatasetInfo, DatasetInfosDict
    from datasets.splits import SplitDict, SplitInfo
    from huggingface_hub import DatasetCardData

    splits = SplitDict()
    for split, rows in draft.rows_by_split().items():
        if rows.num_rows:
            splits.add(SplitInfo(split, num_examples=rows.num_rows, num_bytes=rows.nbytes))
    features = Features.from_arrow_schema(published_schema(draft.dataset))
    card_data = DatasetCardData()
    infos = DatasetInfosDict({"default": DatasetInfo(features=features, splits=splits)})
    infos.to_dataset_card_data(card_data)
    licences = set(draft.rows.column("licence").to_pylist())
    files = [{"split": split, "path": f"data/{split}-*.parquet"} for split in splits]
    entries = {
        "pretty_name": settings.title or draft.dataset.name,
        **hub_licences(licences),
        "task_categories": ["text-generation"],
        "tags": ["code", "patchmill", *(["dpo"] if draft.dataset.name.startswith("preference") else [])],
        "configs": [{"config_name": "default", "data_files": files}],
    }
    return dump_yaml({**entries, **card_data.to_dict()})  # type: ignore[no-untyped-call]


def _count_steps(draft: Draft) -> list[dict[str, object]]:
    """Count the rows from the lake to the published version."""
    left_out = {f"left out: {reason}": rows for reason, rows in draft.count_left_out().items()}
    steps = {"rows in the lake": draft.candidates, **left_out, "published": draft.rows.num_rows}
    return [{"step": step, "rows": rows} for step, rows in steps.items()]


def _format_share(count: int, total: int) -> str:
    return f"{count / total:.2%}" if total else "-"


def _describe_field(field: pa.Field) -> dict[str, str]:
    return {
        "column": field.name,
        "type": str(field.type).replace(" not null", ""),
        "null": "yes" if field.nullable else "",
        "description": describe_column(field),
    }


@cache
def _load_template() -> Template:
    text = (Path(__file__).parent / "card.jinja").read_text(encoding="utf-8")
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)  # noqa: S701 Markdown
    return environment.from_string(text)
