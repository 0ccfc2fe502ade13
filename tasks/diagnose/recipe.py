"""How explanations are asked for."""

from pathlib import Path

from tasks.asking.recipes import Recipe
from tasks.asking.templates import load_template
from tasks.diagnose.settings import DiagnoseSettings

HERE = Path(__file__).parent
GAPS = ("prompt", "interface", "code", "feedback")
"""Values that a template of this stage may name."""


def diagnose_recipe(settings: DiagnoseSettings, model: str, revision: str) -> Recipe:
    """Return the recipe of explanations by one model; raises ConfigError for a template that cannot be read."""
    template = load_template(HERE, settings.template or "explain")
    return Recipe("diagnose", template, model, revision, settings.sampling)
