"""How first attempts are asked for."""

from pathlib import Path

from tasks.asking.recipes import Recipe
from tasks.asking.templates import load_template
from tasks.generate.settings import GenerateSettings

GAPS = ("prompt", "interface")
"""Values that a template of this stage may name."""


def generate_recipe(settings: GenerateSettings, model: str, revision: str) -> Recipe:
    """Return the recipe of first attempts by one model; raises ConfigError for a template that cannot be read."""
    template = load_template(Path(__file__).parent, settings.template)
    return Recipe("generate", template, model, revision, settings.sampling)
