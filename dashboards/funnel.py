"""The figures of the overview, computed from a few hundred counts. The live page and the report share them; pure."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypedDict, TypeVar

from dashboards.queries.programs import ExampleCount, ExplanationCount, ProgramCount
from dashboards.verdicts import verdict_words

FIRST_ATTEMPT, REPAIR, REFERENCE = "generate", "repair", "reference"
"""Kinds of programs, as the table attempts has them."""
NOT_WRONG = ("passed", "infra", "no_code", "unjudged")
NO_VERDICT = ("infra", "unjudged")
RATES = ("tampered", "flaky", "infra")
STEPS = (
    "attempts", "with code", "right at once", "wrong", "diagnoses", "explained", "repairs", "verified repairs",
    "examples",
)  # fmt: skip


class StepCount(TypedDict):
    """Rows that one model brought to one step of the funnel."""

    step: str
    model: str
    n: int


class VerdictCount(TypedDict):
    """Programs of one author with one verdict, in words."""

    author: str
    verdict: str
    n: int


class RoundRate(TypedDict):
    """Programs of one model and round; the share passed is of the judged ones."""

    model: str
    round: int
    programs: int
    passed: int
    passed_share: float | None


class ModelRate(TypedDict):
    """Judged programs of one model, with the shares that tampered, were flaky, or met an infrastructure error."""

    model: str
    judged: int
    tampered: float | None
    flaky: float | None
    infra: float | None


def count_steps(
    counts: Iterable[ProgramCount], explained: Iterable[ExplanationCount], examples: Iterable[ExampleCount]
) -> list[StepCount]:
    """Count each step by model, in the order of STEPS; steps without rows are left out."""
    rows: Counter[tuple[str, str]] = Counter()
    for count in counts:
        for step in _steps(count):
            rows[step, count["model"]] += count["with_code"] if step == "with code" else count["attempts"]
    for explanation in explained:
        rows["diagnoses", explanation["model"]] += explanation["diagnoses"]
        rows["explained", explanation["model"]] += explanation["explained"]
    for example in examples:
        rows["examples", example["model"]] += example["examples"]
    return [
        {"step": step, "model": model, "n": n}
        for (step, model), n in sorted(rows.items(), key=lambda item: (STEPS.index(item[0][0]), item[0][1]))
        if n
    ]


def _steps(count: ProgramCount) -> list[str]:
    """Return the steps that these programs reached."""
    is_right = count["verdict"] == "passed"
    if count["kind"] == FIRST_ATTEMPT:
        steps = ["attempts", "with code"]
        if is_right:
            steps.append("right at once")
        elif count["verdict"] not in NOT_WRONG:
            steps.append("wrong")
        return steps
    if count["kind"] == REPAIR:
        return ["repairs", "verified repairs"] if is_right else ["repairs"]
    return []


def count_programs(counts: Iterable[ProgramCount], kinds: Sequence[str], verdicts: Sequence[str] = ()) -> int:
    """Count programs of some kinds, with some verdicts (none given: with any)."""
    return sum(
        count["attempts"]
        for count in counts
        if count["kind"] in kinds and (not verdicts or count["verdict"] in verdicts)
    )


def count_verdicts(counts: Iterable[ProgramCount]) -> list[VerdictCount]:
    """Count the verdicts of each author's programs."""
    programs: Counter[tuple[str, str]] = Counter()
    for count in counts:
        programs[_author(count), verdict_words(count["verdict"])] += count["attempts"]
    return [{"author": author, "verdict": verdict, "n": n} for (author, verdict), n in sorted(programs.items())]


def _author(count: ProgramCount) -> str:
    if count["kind"] == FIRST_ATTEMPT:
        return f"{count['model']}, first attempts"
    return f"{count['model']}, repairs of round {count['round']}" if count["kind"] == REPAIR else "references"


def rate_rounds(counts: Iterable[ProgramCount]) -> list[RoundRate]:
    """Compute how many programs of each model and round passed."""
    programs: Counter[tuple[str, int]] = Counter()
    judged: Counter[tuple[str, int]] = Counter()
    passed: Counter[tuple[str, int]] = Counter()
    for count in counts:
        if count["kind"] in (FIRST_ATTEMPT, REPAIR):
            key = count["model"], count["round"]
            programs[key] += count["attempts"]
            judged[key] += count["attempts"] * (count["verdict"] not in NO_VERDICT)
            passed[key] += count["attempts"] * (count["verdict"] == "passed")
    return [
        {
            "model": key[0], "round": key[1], "programs": programs[key], "passed": passed[key],
            "passed_share": divide(passed[key], judged[key]),
        }
        for key in sorted(programs)
    ]  # fmt: skip


def rate_models(counts: Iterable[ProgramCount]) -> list[ModelRate]:
    """Compute how often programs of each model tampered, were flaky, or met an infrastructure error."""
    judged: Counter[str] = Counter()
    tampered: Counter[str] = Counter()
    flaky: Counter[str] = Counter()
    infra: Counter[str] = Counter()
    for count in counts:
        if count["kind"] in (FIRST_ATTEMPT, REPAIR) and count["verdict"] != "unjudged":
            model = count["model"]
            judged[model] += count["attempts"]
            tampered[model] += count["tampered"]
            flaky[model] += count["flaky"]
            infra[model] += count["attempts"] * (count["verdict"] == "infra")
    return [
        {
            "model": model, "judged": judged[model], "tampered": divide(tampered[model], judged[model]),
            "flaky": divide(flaky[model], judged[model]), "infra": divide(infra[model], judged[model]),
        }
        for model in sorted(judged)
    ]  # fmt: skip


def divide(part: float, whole: float) -> float | None:
    """Return a share; None where the whole is 0."""
    return part / whole if whole else None


CountT = TypeVar("CountT", ProgramCount, ExplanationCount, ExampleCount)


def select_counts(counts: Sequence[CountT], models: Sequence[str], sources: Sequence[str]) -> list[CountT]:
    """Return the counts of these models and sources; references, which no model wrote, belong to every model."""
    return [
        count
        for count in counts
        if (count["model"] in models or count.get("kind") == REFERENCE) and count["source"] in (*sources, "")
    ]
