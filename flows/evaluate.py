"""The flow evaluate: measure a model by the protocol of LeDex (arXiv:2405.18649).

The model writes first attempts. Every wrong one is refined once, directly and through an explanation. The result is
pass@1 and pass@10 before and after.
"""

from typing import Annotated, Any, Literal

from prefect import flow
from prefect.artifacts import create_table_artifact
from pydantic import Field

from flows.config import RefreshConfig
from flows.refresh import STAGES, refresh
from storage.catalog import Catalog
from storage.lake import Lake

Way = Literal["direct", "explain"]
WAYS: tuple[Way, ...] = ("direct", "explain")


@flow(name="evaluate", flow_run_name="evaluate {config.lake.path}", persist_result=False)
def evaluate(
    config: RefreshConfig,
    ways: Annotated[tuple[Way, ...], Field(min_length=1)] = WAYS,
    rounds: Annotated[int, Field(ge=1, le=10)] = 3,
) -> list[dict[str, Any]]:
    """Evaluate the model of a config; return the rows of the view `evaluation` for its attempts.

    A model that was evaluated before gets no request. Feedback comes from the problems' own tests, as in the paper, so
    scores after refinement do not hold for a model without such tests. The paper draws 100 samples at T = 0.8; here
    the config sets both.

    Args:
        config: a config of refresh. Only templates and sampling of `diagnose` and `repair` count. No dataset is
            assembled.
        ways: ways to refine wrong programs.
        rounds: rounds of refinement; programs that are still wrong are refined again in the next round.
    """
    for way in ways:
        chain = "direct" if way == "direct" else "two_calls"
        changes = {
            "products": ("debugging",),
            "diagnose": config.diagnose.model_copy(update={"diagnoses": 1}),
            "repair": config.repair.model_copy(update={"chain": chain, "rounds": rounds, "repairs": 1}),
        }
        report = refresh(config.model_copy(update=changes), STAGES[:-1])
    with Catalog(Lake(config.lake), versions=report.versions) as catalog:
        rows = catalog.rows(
            "select * exclude (recipe_id, repair_recipe) from evaluation where recipe_id = $recipe",
            recipe=report.recipe_id,
        )
    create_table_artifact(rows, key="evaluation", description=f"{config.model.name} on {config.lake.path}")
    return rows
