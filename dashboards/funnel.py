"""The figures of the overview, out of a few hundred counted rows; the live page and the report share them. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]
FIRST, REPAIR = "generate", "repair"
RATES = ("tampered", "flaky", "infra")
NOT_WRONG = ("passed", "infra", "no_code", "unjudged")
STEPS = (
    "attempts", "with code", "right at once", "wrong", "diagnoses", "explained", "repairs", "verified repairs",
    "examples",
)  # fmt: skip


def funnel(counts: Iterable[Row], explained: Iterable[Row], examples: Iterable[Row]) -> list[dict[str, Any]]:
    """Steps in their order by the model that did them: rows of step, model, n. Steps of nothing are left out."""
    found: Counter[tuple[str, str]] = Counter()
    for row in counts:
        for step in _steps(row):
            found[step, row["model"]] += row["with_code"] if step == "with code" else row["attempts"]
    for row in explained:
        found["diagnoses", row["model"]] += row["diagnoses"]
        found["explained", row["model"]] += row["explained"]
    for row in examples:
        found["examples", row["model"]] += row["examples"]
    return [
        {"step": step, "model": model, "n": n}
        for (step, model), n in sorted(found.items(), key=lambda item: (STEPS.index(item[0][0]), item[0][1]))
        if n
    ]


def _steps(row: Row) -> list[str]:
    if row["kind"] == FIRST:
        more = {"passed": ["right at once"]}.get(row["verdict"], [] if row["verdict"] in NOT_WRONG else ["wrong"])
        return ["attempts", "with code", *more]
    if row["kind"] == REPAIR:
        return ["repairs", *(["verified repairs"] if row["verdict"] == "passed" else [])]
    return []


def total(rows: Iterable[Row], column: str, where: Callable[[Row], bool] = lambda _: True) -> int:
    """Sum of a column over the rows wanted."""
    return sum(row[column] for row in rows if where(row))


def mix(counts: Iterable[Row]) -> list[dict[str, Any]]:
    """Verdicts of each model's programs by round: rows of who, verdict, n."""
    found: Counter[tuple[str, str]] = Counter()
    for row in counts:
        found[who(row), row["verdict"]] += row["attempts"]
    return [{"who": name, "verdict": verdict, "n": n} for (name, verdict), n in sorted(found.items())]


def who(row: Row) -> str:
    """A kind of program in words."""
    if row["kind"] == FIRST:
        return f"{row['model']}, first attempts"
    return f"{row['model']}, repairs of round {row['round']}" if row["kind"] == REPAIR else "references"


def rounds(counts: Iterable[Row]) -> list[dict[str, Any]]:
    """Of each model and round: programs, how many passed, and the share of those that were judged."""
    found: Counter[tuple[str, int, str]] = Counter()
    for row in counts:
        if row["kind"] in (FIRST, REPAIR):
            found[row["model"], row["round"], "programs"] += row["attempts"]
            found[row["model"], row["round"], "judged"] += row["attempts"] * (
                row["verdict"] not in ("infra", "unjudged")
            )
            found[row["model"], row["round"], "passed"] += row["attempts"] * (row["verdict"] == "passed")
    keys = sorted({(model, round_) for model, round_, _ in found})
    return [
        {
            "model": model, "round": round_, "programs": found[model, round_, "programs"],
            "passed": found[model, round_, "passed"],
            "passed_share": share(found[model, round_, "passed"], found[model, round_, "judged"]),
        }
        for model, round_ in keys
    ]  # fmt: skip


def rates(counts: Iterable[Row]) -> list[dict[str, Any]]:
    """Per model: judged programs, and the shares that tampered, wavered, or met a hiccup of ours."""
    found: Counter[tuple[str, str]] = Counter()
    for row in counts:
        if row["kind"] in (FIRST, REPAIR) and row["verdict"] != "unjudged":
            for name in ("attempts", "tampered", "flaky"):
                found[row["model"], name] += row[name]
            found[row["model"], "infra"] += row["attempts"] * (row["verdict"] == "infra")
    models = sorted({model for model, _ in found})
    return [
        {
            "model": model, "judged": found[model, "attempts"],
            **{name: share(found[model, name], found[model, "attempts"]) for name in RATES},
        }
        for model in models
    ]  # fmt: skip


def share(part: float, whole: float) -> float | None:
    """None over nothing."""
    return part / whole if whole else None


def by_model(rows: Sequence[Row], models: Sequence[str], sources: Sequence[str]) -> list[Row]:
    """Rows of these models and sources; references, which no model wrote, belong to all."""
    return [
        row for row in rows
        if (row["model"] in models or row.get("kind") == "reference") and row.get("source", "") in (*sources, "")
    ]  # fmt: skip
