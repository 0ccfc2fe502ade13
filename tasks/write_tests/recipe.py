"""How tests are asked for."""

from pathlib import Path

from tasks.asking.recipes import Recipe
from tasks.asking.templates import load_template
from tasks.write_tests.settings import WriteTestsSettings

GAPS = ("prompt", "interface", "entry_point")
"""Values that a template of this stage may name."""


def write_tests_recipe(settings: WriteTestsSettings, model: str, revision: str) -> Recipe:
    """Return the recipe of tests by one model; raises ConfigError for a template that cannot be read."""
    template = load_template(Path(__file__).parent, settings.template)
    return Recipe("write_tests", template, model, revision, settings.sampling)
