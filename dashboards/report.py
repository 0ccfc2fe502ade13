"""One file that says what a lake holds: no script, no reference to any other file or address."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from dashboards import funnel
from dashboards.answers import Answers
from dashboards.diffs import side_by_side
from dashboards.lineage import tree
from dashboards.markup import STATES, STYLE, colour, legend, table, words
from dashboards.recipes import named, wide

Ask = Callable[..., list[dict[str, Any]]]
Row = Mapping[str, Any]
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A browser that keeps to it runs nothing and fetches nothing, whatever stands in the page."""
_PALETTE = ("#1971c2", "#e8590c", "#2b8a3e", "#9c36b5", "#868e96", "#c92a2a")
_LOOK = """<style>
body { font: 16px/1.5 system-ui, sans-serif; color: #212529; background: #fff; max-width: 1100px;
  margin: 2em auto; padding: 0 1em; }
h1 { margin-bottom: 0; } h2 { margin-top: 2em; border-bottom: 1px solid #dee2e6; }
.bar { display: grid; grid-template-columns: 15em 1fr 8em; gap: .6em; align-items: center;
  font-size: .85rem; margin: 2px 0; }
.bar > span:first-child { text-align: right; overflow-wrap: anywhere; }
.bar div { display: flex; height: 1.2em; } .bar i { display: block; height: 100%; }
.key { font-size: .8rem; } .key b { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 1em; }
</style>"""


def report(answers: Answers, title: str = "Patchmill") -> str:
    """The whole page.

    Raises:
        LakeError: a table could not be read.
    """
    ask = answers.ask
    seen = datetime.fromtimestamp(answers.looked_at, UTC)
    sections = [
        _section("Funnel", _funnel(ask)),
        _section("Verdicts", _verdicts(ask)),
        _section("Rounds", table(_rounded(funnel.rounds(ask("counts"))), ("round", "programs", "passed", "pass_rate"))),
        _section("pass@k", _pass_at_k(ask)),
        _section("Data sets", table(ask("examples"), ("examples",))),
        _section("Scores and pairs", _scores(ask)),
        _section("How far to trust it", _trust(ask)),
        _section("Left out", table(ask("drops"), ("n", "problems"))),
        _section("Tokens", table(ask("tokens"), ("answers", "prompt_tokens", "completion_tokens"))),
        _section("A repair", _repair(ask)),
        _section("A pair", _pair(ask)),
        _section(
            "Versions of the tables", table({"table": k, "version": v} for k, v in sorted(answers.versions.items()))
        ),
    ]
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        f"<title>{escape(title)}</title>{_LOOK}{STYLE}</head><body>"
        f'<h1>{escape(title)}</h1><p class="pm-note">{escape(answers.lake.root)}, {seen:%Y-%m-%d %H:%M} UTC</p>'
        f"{''.join(sections)}</body></html>\n"
    )


def _section(title: str, body: str) -> str:
    return f"<h2>{escape(title)}</h2>{body}"


def bars(
    rows: Sequence[Row], name: str, part: str, value: str, colours: Mapping[str, str], order: Iterable[str] = ()
) -> str:
    """Lying bars of stacked parts, the longest as wide as the page."""
    names = list(
        dict.fromkeys([*(n for n in order if any(row[name] == n for row in rows)), *(row[name] for row in rows)])
    )
    sums = {n: sum(row[value] for row in rows if row[name] == n) for n in names}
    longest = max(sums.values(), default=0) or 1
    lines = "".join(
        f'<div class="bar"><span>{escape(n)}</span><div>'
        + "".join(_part(row[part], row[value], 100 * row[value] / longest, colours) for row in rows if row[name] == n)
        + f"</div><span>{sums[n]:,}</span></div>"
        for n in names
    )
    key = "".join(
        f'<b style="background:{colours[p]}"></b>{escape(p)}' for p in dict.fromkeys(row[part] for row in rows)
    )
    return f'<p class="key">{key}</p>{lines}' if rows else '<p class="pm-none">nothing here yet</p>'


def _part(part: str, n: int, width: float, colours: Mapping[str, str]) -> str:
    return f'<i style="background:{colours[part]};width:{width:.3f}%" title="{escape(part)}: {n:,}"></i>'


def _painted(names: Iterable[str]) -> dict[str, str]:
    return {name: _PALETTE[n % len(_PALETTE)] for n, name in enumerate(sorted(set(names)))}


def _funnel(ask: Ask) -> str:
    steps = funnel.funnel(ask("counts"), ask("explained"), ask("examples"))
    states = ask("problem_states")
    return bars(steps, "step", "model", "n", _painted(r["model"] for r in steps), funnel.STEPS) + bars(
        states, "source", "state", "problems", STATES
    )


def _verdicts(ask: Ask) -> str:
    mix = funnel.mix(ask("counts"))
    return bars(mix, "who", "verdict", "n", {row["verdict"]: colour(row["verdict"]) for row in mix})


def _pass_at_k(ask: Ask) -> str:
    rows = named(ask("pass_at_k"), ask("recipes"))
    parts = [
        f"<h3>{escape(source)}</h3>{table(wide([row for row in rows if row['source'] == source]), ('problems',))}"
        for source in dict.fromkeys(row["source"] for row in rows)
    ]
    return "".join(parts) or '<p class="pm-none">nothing here yet</p>'


def _scores(ask: Ask) -> str:
    parts = [
        ("What scorers were given", "rankings"),
        ("Pairs", "pair_rates"),
        ("Single programs with a label", "kto_rates"),
    ]
    return "".join(f"<h3>{head}</h3>{table(ask(name))}" for head, name in parts)


def _trust(ask: Ask) -> str:
    parts = [
        ("Tampering, wavering, hiccups of ours", _rounded(funnel.rates(ask("counts")))),
        ("Test strength: mutants of the references", ask("strength_sources")),
        ("References that fail their own tests", ask("failed_references")),
    ]
    return "".join(f"<h3>{head}</h3>{table(rows)}" for head, rows in parts)


def _rounded(rows: Iterable[Row]) -> list[dict[str, Any]]:
    return [{k: f"{v:.2%}" if isinstance(v, float) else v for k, v in row.items()} for row in rows]


def _repair(ask: Ask) -> str:
    """The first problem with a verified repair, with the first attempts that were mended."""
    found = ask("problems", text="")
    if not found or not found[0]["verified_repairs"]:
        return '<p class="pm-none">no verified repair yet</p>'
    at = {"problem": found[0]["problem_id"], "bucket": found[0]["bucket"]}
    [problem], attempts = ask("problem", **at), ask("problem_attempts", **at)
    by_id = {row["attempt_id"]: row for row in attempts}
    mended = {row["parent_attempt_id"] for row in attempts if row["kind"] == "repair" and row["verdict"] == "passed"}
    roots = [by_id[parent] for parent in sorted(mended & by_id.keys())][:3]
    return words(problem["prompt"]) + tree(attempts, ask("problem_diagnoses", **at), roots)


def _pair(ask: Ask) -> str:
    pairs = ask("pair_list", dataset="preference_correctness", sorted="widest first")
    if not pairs:
        return '<p class="pm-none">no pair yet</p>'
    [pair] = ask("pair", dataset="preference_correctness", example=pairs[0]["example_id"], bucket=pairs[0]["bucket"])
    verdicts = [verdict for row in pair["verdicts"] for verdict in (row["chosen"], row["rejected"])]
    names = (f"rejected, score {pair['rejected_score']:.4f}", f"chosen, score {pair['chosen_score']:.4f}")
    prompt = "".join(words(turn["content"]) for turn in pair["prompt"])
    return prompt + side_by_side(pair["rejected_code"], pair["chosen_code"], names) + legend(verdicts)
