"""Names of recipes, and pass@k by recipe as a table. Pure."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from dashboards.queries.programs import PassAtK, RecipeSummary


class NamedPassAtK(PassAtK):
    """pass@k with the name of its line in a chart."""

    line: str


def name_lines(rows: Iterable[PassAtK], recipes: Iterable[RecipeSummary]) -> list[NamedPassAtK]:
    """Name each row by model, template and temperature, by its recipe's id where these are ambiguous, and by round."""
    names = {recipe["recipe_id"]: _recipe_name(recipe) for recipe in recipes}
    uses = Counter(names.values())
    lines: list[NamedPassAtK] = []
    for row in rows:
        short_id = row["recipe_id"][:6]
        name = names.get(row["recipe_id"], short_id)
        if uses[name] > 1:
            name = f"{name} ({short_id})"
        lines.append({**row, "line": f"{name}, {_round_name(row['round'])}"})
    return lines


def _recipe_name(recipe: RecipeSummary) -> str:
    try:
        temperature = f"T={json.loads(recipe['sampling'])['temperature']}"
    except (ValueError, KeyError, TypeError):  # no JSON, or JSON without a temperature
        temperature = ""
    return ", ".join(filter(None, (recipe["model"], recipe["template"].split("@")[0], temperature)))


def _round_name(number: int) -> str:
    return f"after round {number}" if number else "first attempts"


def tabulate_lines(rows: Sequence[NamedPassAtK]) -> list[dict[str, object]]:
    """Return a row per line with a column per k: estimate ± standard error, in percent."""
    by_line: dict[str, dict[str, object]] = {}
    for row in rows:
        cells = by_line.setdefault(row["line"], {"line": row["line"], "problems": row["problems"]})
        cells[f"pass@{row['k']}"] = f"{row['pass_at_k']:.1%} ± {row['standard_error']:.1%}"
    return list(by_line.values())
