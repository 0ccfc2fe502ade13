"""A problem's programs as a tree: a wrong program, its diagnoses, and the repairs that followed. Rows in, HTML out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from dashboards.diffs import render_diff
from dashboards.markup import render_badge, render_program, render_text
from dashboards.queries.problem import JudgedAttempt, ProblemDiagnosis

LONGEST_TEST = 300


@dataclass(frozen=True)
class Descent:
    """What followed each attempt."""

    repairs: Mapping[str, Sequence[JudgedAttempt]]
    """Repairs by the id of the attempt that they repair."""
    diagnoses: Mapping[str, Sequence[ProblemDiagnosis]]
    """Diagnoses by the id of the attempt that they explain."""


def render_tree(
    attempts: Sequence[JudgedAttempt], diagnoses: Sequence[ProblemDiagnosis], roots: Sequence[JudgedAttempt]
) -> str:
    """Return the roots with all their descendants, folded; unfolding needs no script."""
    repairs: dict[str, list[JudgedAttempt]] = defaultdict(list)
    by_attempt: dict[str, list[ProblemDiagnosis]] = defaultdict(list)
    for attempt in attempts:
        if attempt["parent_attempt_id"]:
            repairs[attempt["parent_attempt_id"]].append(attempt)
    for diagnosis in diagnoses:
        by_attempt[diagnosis["attempt_id"]].append(diagnosis)
    descent = Descent(repairs, by_attempt)
    return f'<div class="pm-tree">{"".join(_render_attempt(root, None, descent) for root in roots)}</div>'


def _render_attempt(attempt: JudgedAttempt, parent: JudgedAttempt | None, descent: Descent) -> str:
    """Return one attempt, then each diagnosis with its repairs, then the repairs without a diagnosis."""
    repairs = descent.repairs.get(attempt["attempt_id"], ())
    repairs_by_diagnosis: dict[str | None, list[JudgedAttempt]] = defaultdict(list)
    for repair in repairs:
        repairs_by_diagnosis[repair["diagnosis_id"]].append(repair)
    parts = [_render_code(attempt, parent), _render_evidence(attempt)]
    for diagnosis in descent.diagnoses.get(attempt["attempt_id"], ()):
        parts.append(_render_diagnosis(diagnosis))
        followers = repairs_by_diagnosis.pop(diagnosis["diagnosis_id"], [])
        parts += [_render_attempt(repair, attempt, descent) for repair in followers]
    for undiagnosed in repairs_by_diagnosis.values():
        parts += [_render_attempt(repair, attempt, descent) for repair in undiagnosed]
    summary = _render_summary(attempt)
    if repairs:
        verified = sum(repair["verdict"] == "passed" for repair in repairs)
        summary += f", {len(repairs)} {'repair' if len(repairs) == 1 else 'repairs'}, {verified} verified"
    return f"<details><summary>{summary}</summary>{''.join(parts)}</details>"


def _render_summary(attempt: JudgedAttempt) -> str:
    names = {
        "generate": f"attempt {attempt['sample_index']}",
        "repair": f"repair {attempt['sample_index']} of round {attempt['round']}",
    }
    words = [
        names.get(attempt["kind"], attempt["kind"]),
        attempt["model"],
        attempt["template"].split("@")[0],
        f"{attempt['passed_tests']}/{attempt['total_tests']} tests" if attempt["total_tests"] else "",
        f"{attempt['cpu_ms']:.0f} CPU-ms, {attempt['peak_mib']:.0f} MiB" if attempt["cpu_ms"] else "",
        *attempt["flags"],
        attempt["attempt_id"][:10],
    ]
    return f"{render_badge(attempt['verdict'])} {escape(' · '.join(filter(None, words)))}"


def _render_code(attempt: JudgedAttempt, parent: JudgedAttempt | None) -> str:
    """Return a repair as a diff to the program it repairs, another program in full, or the answer without a program."""
    if attempt["code"] is None:
        reason = escape(attempt["no_code_reason"] or "")
        return f'<p class="pm-note">no program: {reason}</p>{render_text(attempt["completion"] or "")}'
    if parent is not None and parent["code"] is not None:
        return render_diff(parent["code"], attempt["code"], ("wrong program", "repair"))
    return render_program(attempt["code"])


def _render_evidence(attempt: JudgedAttempt) -> str:
    """Return the failed tests, and the feedback that a repair is asked with."""
    tests = "".join(
        f"<li>{render_badge(test['verdict'])} <code>{escape(test['test'][:LONGEST_TEST])}</code> "
        f"{escape(test['message'][:LONGEST_TEST])}</li>"
        for test in attempt["failed_tests"] or ()
    )
    feedback = render_text(attempt["feedback"]) if attempt["feedback"] else ""
    return (f"<ul>{tests}</ul>" if tests else "") + feedback


def _render_diagnosis(diagnosis: ProblemDiagnosis) -> str:
    if diagnosis["explanation"] is not None:
        body = render_text(diagnosis["explanation"])
    else:
        reason = escape(diagnosis["no_explanation_reason"] or "")
        body = f'<p class="pm-note">no explanation: {reason}</p>'
    title = f"diagnosis {diagnosis['sample_index']} by {escape(diagnosis['model'])}"
    return f'<div class="pm-diagnosis">{title}{body}</div>'
