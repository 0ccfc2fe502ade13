"""One HTML file with the figures of a lake: no script, no reference to another file or address."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

from dashboards import funnel
from dashboards.diffs import render_diff
from dashboards.lineage import render_tree
from dashboards.markup import NOTHING, STYLE, render_legend, render_table, render_text
from dashboards.queries.pairs import KTO_RATES, PAIR, PAIR_LIST, PAIR_RATES, RANKINGS
from dashboards.queries.problem import PROBLEM, PROBLEM_ATTEMPTS, PROBLEM_DIAGNOSES, PROBLEMS
from dashboards.queries.programs import COUNTS, EXAMPLES, EXPLAINED, PASS_AT_K, PROBLEM_STATES, RECIPES, TOKENS
from dashboards.queries.trust import DROPS, FAILED_REFERENCES, STRENGTH_SOURCES
from dashboards.recipes import name_lines, tabulate_lines
from dashboards.snapshot import LakeSnapshot
from dashboards.verdicts import COLOURS_BY_WORDS, STATE_COLOURS

POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""Content security policy: a browser runs and fetches nothing, whatever the page holds."""
MOST_ROOTS = 3
"""Repaired first attempts shown of one problem."""
DATASET = "preference_correctness"
_PALETTE = ("#1971c2", "#e8590c", "#2b8a3e", "#9c36b5", "#868e96", "#c92a2a")
_LAYOUT = """<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #212529; background: #fff; max-width: 1100px;
  margin: 2em auto; padding: 0 1em; }
h1 { margin-bottom: 0; } h2 { margin-top: 2em; border-bottom: 1px solid #dee2e6; }
.bar { display: grid; grid-template-columns: 15em 1fr 8em; gap: .6em; align-items: center;
  font-size: .85rem; margin: 2px 0; }
.bar > span:first-child { text-align: right; overflow-wrap: anywhere; }
.bar div { display: flex; height: 1.2em; } .bar i { display: block; height: 100%; }
.key { font-size: .8rem; } .key b { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
</style>"""


def render_report(snapshot: LakeSnapshot, title: str = "Patchmill") -> str:
    """Return the whole page.

    Raises:
        LakeError: a table could not be read.
    """
    opened_at = datetime.fromtimestamp(snapshot.opened_at, UTC)
    counts = snapshot.rows(COUNTS)
    versions = [{"table": name, "version": str(version)} for name, version in sorted(snapshot.versions.items())]
    sections = {
        "Funnel": _render_funnel(snapshot),
        "Verdicts": render_bars(funnel.count_verdicts(counts), "author", "verdict", "n", COLOURS_BY_WORDS),
        "Rounds": render_table(_with_percents(funnel.rate_rounds(counts))),
        "pass@k": _render_pass_at_k(snapshot),
        "Datasets": render_table(snapshot.rows(EXAMPLES)),
        "Scores and pairs": _render_parts(
            {
                "Input of the scorers": snapshot.rows(RANKINGS),
                "Pairs": snapshot.rows(PAIR_RATES),
                "Single programs with a label": snapshot.rows(KTO_RATES),
            }
        ),
        "Trust": _render_parts(
            {
                "Tampering, flaky verdicts, infrastructure errors": _with_percents(funnel.rate_models(counts)),
                "Test strength: mutants of the references": snapshot.rows(STRENGTH_SOURCES),
                "References that fail their own tests": snapshot.rows(FAILED_REFERENCES),
            }
        ),
        "Drops": render_table(snapshot.rows(DROPS)),
        "Tokens": render_table(snapshot.rows(TOKENS)),
        "A repair": _render_repair(snapshot),
        "A pair": _render_pair(snapshot),
        "Versions of the tables": render_table(versions),
    }
    body = "".join(f"<h2>{escape(name)}</h2>{section}" for name, section in sections.items())
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(title)}</title>{_LAYOUT}{STYLE}</head><body><h1>{escape(title)}</h1>"
        f'<p class="pm-note">{escape(snapshot.lake.root)}, {opened_at:%Y-%m-%d %H:%M} UTC</p>{body}</body></html>\n'
    )


def render_bars(
    rows: Sequence[Mapping[str, object]], bar: str, part: str, length: str, colours: Mapping[str, str],
    order: Iterable[str] = (),
) -> str:  # fmt: skip
    """Return horizontal stacked bars, the longest as wide as the page.

    Args:
        rows: the parts of all bars.
        bar: column of a bar's name.
        part: column of a part's name.
        length: column of a part's length, an int.
        colours: colour by the name of a part.
        order: names of bars that come first, from top to bottom.
    """
    if not rows:
        return NOTHING
    parts_by_bar: dict[str, list[tuple[str, int]]] = {name: [] for name in order}
    for row in rows:
        parts_by_bar.setdefault(str(row[bar]), []).append((str(row[part]), int(str(row[length]))))
    longest = max(sum(count for _, count in parts) for parts in parts_by_bar.values()) or 1
    lines = "".join(
        f'<div class="bar"><span>{escape(name)}</span>'
        f"<div>{''.join(_render_part(label, n, 100 * n / longest, colours[label]) for label, n in parts)}</div>"
        f"<span>{sum(n for _, n in parts):,}</span></div>"
        for name, parts in parts_by_bar.items()
        if parts
    )
    labels = dict.fromkeys(str(row[part]) for row in rows)
    key = "".join(f'<b style="background:{colours[label]}"></b>{escape(label)}' for label in labels)
    return f'<p class="key">{key}</p>{lines}'


def _render_part(label: str, count: int, width: float, colour: str) -> str:
    return f'<i style="background:{colour};width:{width:.3f}%" title="{escape(label)}: {count:,}"></i>'


def _render_funnel(snapshot: LakeSnapshot) -> str:
    steps = funnel.count_steps(snapshot.rows(COUNTS), snapshot.rows(EXPLAINED), snapshot.rows(EXAMPLES))
    models = sorted({step["model"] for step in steps})
    colours = {model: _PALETTE[place % len(_PALETTE)] for place, model in enumerate(models)}
    states = snapshot.rows(PROBLEM_STATES)
    return render_bars(steps, "step", "model", "n", colours, funnel.STEPS) + render_bars(
        states, "source", "state", "problems", STATE_COLOURS
    )


def _render_pass_at_k(snapshot: LakeSnapshot) -> str:
    rows = name_lines(snapshot.rows(PASS_AT_K), snapshot.rows(RECIPES))
    sources = dict.fromkeys(row["source"] for row in rows)
    tables = {source: tabulate_lines([row for row in rows if row["source"] == source]) for source in sources}
    return _render_parts(tables) or NOTHING


def _render_parts(tables: Mapping[str, Iterable[Mapping[str, object]]]) -> str:
    """Return tables below their titles."""
    return "".join(f"<h3>{escape(title)}</h3>{render_table(rows)}" for title, rows in tables.items())


def _with_percents(rows: Iterable[Mapping[str, object]]) -> list[dict[str, object]]:
    return [
        {name: f"{value:.2%}" if isinstance(value, float) else value for name, value in row.items()} for row in rows
    ]


def _render_repair(snapshot: LakeSnapshot) -> str:
    """Return the problem with most to see, with first attempts that have a verified repair."""
    matches = snapshot.rows(PROBLEMS, text="")
    if not matches or not matches[0]["verified_repairs"]:
        return '<p class="pm-none">no verified repair yet</p>'
    key: dict[str, str | int] = {"problem": matches[0]["problem_id"], "bucket": matches[0]["bucket"]}
    [problem], attempts = snapshot.rows(PROBLEM, **key), snapshot.rows(PROBLEM_ATTEMPTS, **key)
    by_id = {attempt["attempt_id"]: attempt for attempt in attempts}
    repaired = {
        attempt["parent_attempt_id"]
        for attempt in attempts
        if attempt["kind"] == funnel.REPAIR and attempt["verdict"] == "passed" and attempt["parent_attempt_id"] in by_id
    }
    roots = [by_id[attempt_id] for attempt_id in sorted(filter(None, repaired))][:MOST_ROOTS]
    return render_text(problem["prompt"]) + render_tree(attempts, snapshot.rows(PROBLEM_DIAGNOSES, **key), roots)


def _render_pair(snapshot: LakeSnapshot) -> str:
    """Return the pair by correctness with the widest gap."""
    pairs = snapshot.rows(PAIR_LIST, dataset=DATASET, order="widest first")
    if not pairs:
        return '<p class="pm-none">no pair yet</p>'
    [pair] = snapshot.rows(PAIR, dataset=DATASET, example=pairs[0]["example_id"], bucket=pairs[0]["bucket"])
    verdicts = [verdict for cell in pair["verdicts"] for verdict in (cell["chosen"], cell["rejected"])]
    titles = (f"rejected, score {pair['rejected_score']:.4f}", f"chosen, score {pair['chosen_score']:.4f}")
    prompt = "".join(render_text(turn["content"]) for turn in pair["prompt"])
    return prompt + render_diff(pair["rejected_code"], pair["chosen_code"], titles) + render_legend(verdicts)
