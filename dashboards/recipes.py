"""Figures by recipe, for people. Pure."""

import json
from collections import Counter
from typing import Any


def named(rows: list[dict[str, Any]], recipes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with a line's name in words: model, template, temperature, the recipe where that is not enough, round."""
    names = {recipe["recipe_id"]: _name(recipe) for recipe in recipes}
    often = Counter(names.values())
    return [
        {**row, "line": f"{_told_apart(row['recipe_id'], names, often)}, {_when(row['round'])}"}
        for row in rows
    ]  # fmt: skip


def _name(recipe: dict[str, Any]) -> str:
    try:
        heat = f"T={json.loads(recipe['sampling'])['temperature']}"
    except (ValueError, KeyError, TypeError):  # no JSON, or none with a temperature
        heat = ""
    return ", ".join(part for part in (recipe["model"], recipe["template"].split("@")[0], heat) if part)


def _told_apart(recipe_id: str, names: dict[str, str], often: Counter[str]) -> str:
    name = names.get(recipe_id, recipe_id[:6])
    return f"{name} ({recipe_id[:6]})" if often[name] > 1 else name


def _when(round_: int) -> str:
    return f"after round {round_}" if round_ else "first attempts"


def wide(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row per line with a column per k: estimate ± standard error, in percent."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        line = found.setdefault(row["line"], {"line": row["line"], "problems": row["problems"]})
        line[f"pass@{row['k']}"] = f"{row['pass_at_k']:.1%} ± {row['standard_error']:.1%}"
    return list(found.values())
