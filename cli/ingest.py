"""`patchmill ingest`: read a dataset in a named form, show what comes of it, and take it into a lake."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer
from pydantic import ValidationError

from cli.options import JsonOption, LakeOption, print_json, print_table, stderr
from storage.errors import ConfigError
from storage.settings import explain_validation

if TYPE_CHECKING:
    from tasks.ingest.settings import Source
    from tasks.reading.problem import Problem

TEXT_CHARS = 300
"""Characters of a text that a row shows."""


def command(
    source: Annotated[
        str, typer.Argument(help="A file, a folder, a glob in quotes, or the name of a dataset on the hub.")
    ],
    form: Annotated[
        str, typer.Option("--form", metavar="NAME", help="Form of the rows (docs/sources.md), such as taco or jsonl.")
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing; show the first rows, and all drops.")
    ] = False,
    rows: Annotated[int, typer.Option("--rows", min=1, help="Rows that are shown.")] = 3,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Read at most this many problems.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Split to read; default: train.")] = None,
    config: Annotated[str | None, typer.Option("--config", help="Configuration of a dataset on the hub.")] = None,
    benchmark: Annotated[
        bool, typer.Option("--benchmark", help="Take the problems of a benchmark's own test split.")
    ] = False,
    licence: Annotated[str | None, typer.Option("--licence", help="Licence of rows that state none.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The `source` of the problems; default: the form.")] = None,
    lake: LakeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a dataset in a named form into a lake; with --dry-run, show what would be taken and what dropped."""
    options = {
        "limit": limit, "split": split, "config": config, "benchmark": benchmark or None, "licence": licence,
        "name": name,
    }  # fmt: skip
    settings = choose_source(source, form, {key: value for key, value in options.items() if value is not None})
    if dry_run:
        _show(settings, rows, as_json)
    else:
        _take(settings, lake, as_json)


def choose_source(path: str, form: str, given: dict[str, object]) -> "Source":
    """Return the settings of a source, as a config would state them.

    Raises:
        ConfigError: the form is unknown, or a value does not fit it.
    """
    from pydantic import TypeAdapter

    from tasks.ingest.settings import FormName, Source

    adapter: TypeAdapter[Source] = TypeAdapter(Source)
    forms = get_args(FormName)
    if form not in (*forms, "jsonl"):
        raise ConfigError(f"--form: expected one of jsonl, {', '.join(sorted(forms))}, got {form!r}", field="form")
    values: dict[str, object] = {"path": path, **given}
    if form == "jsonl":
        values |= {"kind": "jsonl"}
    elif form == "apps" and _holds_folders(Path(path)):
        values |= {"kind": "apps"}
    elif form == "humaneval" and path.endswith(".whl"):
        values |= {"kind": "humaneval"}
    else:
        values |= {"kind": "form", "form": form}
    try:
        return adapter.validate_python(values)
    except ValidationError as error:
        from flows.config import RefreshConfig

        raise ConfigError(f"--{explain_validation(error, RefreshConfig)}") from None


def _holds_folders(path: Path) -> bool:
    """Return whether a folder holds APPS's own tree: a numbered folder per problem."""
    return path.is_dir() and any(True for pattern in ("*", "*/*") for _ in path.glob(f"{pattern}/question.txt"))


def _show(settings: "Source", rows: int, as_json: bool) -> None:
    """Print the first problems and the drops of a source.

    Raises:
        ConfigError: a source can't be read; or, after the rows, it needs `benchmark: true`.
    """
    from tasks.ingest.benchmarks import check_benchmarks
    from tasks.ingest.dropped import DroppedRecord
    from tasks.ingest.rows import count_drops, describe_drops
    from tasks.ingest.sources import read_source
    from tasks.reading.problem import Problem

    shown: list[Problem] = []
    drops: list[DroppedRecord] = []
    problems = 0
    for record in read_source(settings):
        if isinstance(record, Problem):
            problems += 1
            shown += [record] if problems <= rows else []
        else:
            drops.append(record)
    counts = count_drops(drops)
    if as_json:
        print_json({"problems": problems, "dropped": len(drops), "rows": list(map(_row, shown)), "drops": counts})
    else:
        for problem in shown:
            fields = [{"field": key, "value": value} for key, value in _row(problem).items()]
            print_table(fields, title=f"{problem.source} {problem.source_id}")
        stderr.print(f"{problems} problems, {len(drops)} rows dropped; nothing was written", markup=False)
        for line in describe_drops(counts):
            stderr.print(line, soft_wrap=True, markup=False)
    check_benchmarks([settings])


def _row(problem: "Problem") -> dict[str, object]:
    """Return a problem as a person sees it: texts cut, tests by kind, number and the first of them."""
    tests = problem.tests.model_dump(mode="json")
    listed = next((tests[key] for key in ("asserts", "cases") if key in tests), None)
    return {
        "source_id": problem.source_id,
        "prompt": _cut(problem.prompt),
        "entry_point": problem.entry_point,
        "context": _cut(problem.context),
        "tests": f"{len(listed)} {problem.tests.kind}" if listed is not None else problem.tests.kind,
        "first test": _cut(str(listed[0] if listed else tests.get("code", ""))),
        "reference": _cut(problem.reference or ""),
        "further solutions": len(problem.alternatives),
        "licence": problem.licence,
        "origin": problem.origin,
    }


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_CHARS else text[: TEXT_CHARS - 3] + "..."


def _take(settings: "Source", lake: str | None, as_json: bool) -> None:
    """Write the problems of a source to a lake, and print what was taken and dropped."""
    from storage.lake import LakeSettings
    from tasks.ingest.rows import describe_drops
    from tasks.ingest.write import write_sources

    place = LakeSettings(path=lake) if lake else LakeSettings()
    ingested = write_sources(place, [settings])
    if as_json:
        print_json({"lake": place.path, "problems": ingested.problems, "drops": list(ingested.drops)})
        return
    stderr.print(f"{ingested.problems} problems are in {place.path}", soft_wrap=True, markup=False)
    for line in describe_drops(ingested.drops):
        stderr.print(line, soft_wrap=True, markup=False)
