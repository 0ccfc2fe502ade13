"""How repairs are asked for."""

from pathlib import Path

from tasks.asking.recipes import Recipe
from tasks.asking.templates import load_template
from tasks.repair.settings import RepairSettings

GAPS = ("prompt", "interface", "code", "feedback", "explanation")
"""Values that a template of this stage may name."""


def repair_recipe(settings: RepairSettings, model: str, revision: str, upstream: str) -> Recipe:
    """Return the recipe of repairs by one model; raises ConfigError for a template that cannot be read.

    Args:
        settings: template and sampling are those of the reply that holds the program: of the diagnosis for one_reply.
        upstream: id of the diagnosis recipe; empty where the chain is direct.
    """
    default = "direct" if settings.chain == "direct" else "repair"
    template = load_template(Path(__file__).parent, settings.template or default)
    return Recipe("repair", template, model, revision, settings.sampling, upstream)
