"""The recipes by which the model is asked for concepts and for tasks."""

from pathlib import Path

from tasks.asking.recipes import Recipe
from tasks.asking.templates import load_template
from tasks.mining.settings import MiningSettings

HERE = Path(__file__).parent


def mining_recipes(settings: MiningSettings, model: str, revision: str) -> tuple[Recipe, Recipe]:
    """Return the recipes of both steps by one model: of concepts, and of the tasks that build on them.

    Raises:
        ConfigError: a template cannot be read.
    """
    template = load_template(HERE, settings.concepts_template)
    concepts = Recipe("mine_concepts", template, model, revision, settings.concepts_sampling)
    template = load_template(HERE, settings.task_template)
    tasks = Recipe("mine_task", template, model, revision, settings.task_sampling, concepts.recipe_id)
    return concepts, tasks


def check_templates(settings: MiningSettings) -> None:
    """Render both templates once; raises ConfigError for one that is missing, broken or names an unknown value."""
    concepts, tasks = mining_recipes(settings, "", "")
    concepts.template.render({"code": "", "kind": ""})
    tasks.template.render({"concepts": "", "signature": "", "kind": "", "entry_point": ""})
