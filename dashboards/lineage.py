"""A problem's programs as a tree: wrong program, what was said of it, the repairs that came of that. Pure; HTML out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from dashboards.diffs import side_by_side
from dashboards.markup import badge, program, words

Row = Mapping[str, Any]


def tree(attempts: Sequence[Row], diagnoses: Sequence[Row], roots: Sequence[Row]) -> str:
    """`roots` with all that descends from them, folded; needs no script to unfold."""
    repairs, said = defaultdict(list), defaultdict(list)
    for row in attempts:
        if row["parent_attempt_id"]:
            repairs[row["parent_attempt_id"]].append(row)
    for row in diagnoses:
        said[row["attempt_id"]].append(row)
    return f'<div class="pm-tree">{"".join(_attempt(row, None, repairs, said) for row in roots)}</div>'


def _attempt(row: Row, parent: Row | None, repairs: Mapping[str, list[Row]], said: Mapping[str, list[Row]]) -> str:
    below = repairs.get(row["attempt_id"], [])
    parts = [_code(row, parent), _judged(row)]
    by_diagnosis = defaultdict(list)
    for repair in below:
        by_diagnosis[repair["diagnosis_id"]].append(repair)
    for diagnosis in said.get(row["attempt_id"], []):
        parts.append(_said(diagnosis))
        parts += [_attempt(r, row, repairs, said) for r in by_diagnosis.pop(diagnosis["diagnosis_id"], [])]
    parts += [_attempt(r, row, repairs, said) for rest in by_diagnosis.values() for r in rest]
    verified = sum(r["verdict"] == "passed" for r in below)
    more = f", {len(below)} repairs of which {verified} verified" if below else ""
    return f"<details><summary>{_head(row)}{more}</summary>{''.join(parts)}</details>"


def _head(row: Row) -> str:
    passed = f"{row['passed_tests']}/{row['total_tests']} tests" if row["total_tests"] else ""
    what = {
        "generate": f"attempt {row['sample_index']}",
        "repair": f"repair {row['sample_index']} of round {row['round']}",
    }.get(row["kind"], row["kind"])
    cost = f"{row['cpu_ms']:.0f} CPU-ms, {row['peak_mib']:.0f} MiB" if row["cpu_ms"] else ""
    words_ = [what, row["model"], row["template"].split("@")[0], passed, cost, *row["flags"], row["attempt_id"][:10]]
    return f"{badge(row['verdict'])} {escape(' · '.join(w for w in words_ if w))}"


def _code(row: Row, parent: Row | None) -> str:
    if row["code"] is None:
        return (
            f'<p class="pm-note">no program: {escape(row["no_code_reason"] or "")}</p>{words(row["completion"] or "")}'
        )
    if parent is not None and parent["code"] is not None:
        return side_by_side(parent["code"], row["code"], ("what was wrong", "the repair"))
    return program(row["code"])


def _judged(row: Row) -> str:
    failed = row["failed_tests"] or []
    tests = "".join(
        f"<li>{badge(t['verdict'])} <code>{escape(t['test'][:300])}</code> {escape(t['message'][:300])}</li>"
        for t in failed
    )
    told = words(row["feedback"]) if row["feedback"] else ""
    return (f"<ul>{tests}</ul>" if tests else "") + told


def _said(row: Row) -> str:
    text = row["explanation"]
    body = (
        words(text)
        if text is not None
        else f'<p class="pm-note">no explanation: {escape(row["no_explanation_reason"] or "")}</p>'
    )
    return f'<div class="pm-said">diagnosis {row["sample_index"]} by {escape(row["model"])}{body}</div>'
