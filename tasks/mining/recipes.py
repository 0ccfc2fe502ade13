"""How concepts and tasks are asked for."""

from functools import cache
from pathlib import Path

from tasks.asking.recipes import Recipe
from tasks.asking.templates import Template, load_template
from tasks.settings import MineSettings


@cache
def _template(name: str) -> Template:
    return load_template(Path(__file__).parent, name)


def recipes(how: MineSettings, model: str, revision: str) -> tuple[Recipe, Recipe]:
    """The recipes of both steps, concepts first; tasks depend on the concepts' recipe."""
    first = Recipe("mine_concepts", _template(how.concepts_template), model, revision, how.concepts_sampling)
    second = Recipe("mine_task", _template(how.task_template), model, revision, how.task_sampling, first.recipe_id)
    return first, second


def check_templates(how: MineSettings) -> None:
    """Render both templates once; raises ConfigError where one is missing, broken or names what is not."""
    first, second = recipes(how, "", "")
    first.template.render({"code": "", "kind": ""})
    second.template.render({"concepts": "", "signature": "", "kind": "", "entry_point": ""})
