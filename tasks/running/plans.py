"""The row of a plan, by its id."""

from typing import cast

from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.rows import PlanRow


def plan_row(catalog: Catalog, plan_id: str) -> PlanRow:
    """Return the row of a plan; raises ConfigError where the lake holds no plan of that id."""
    rows = catalog.rows("from plans where plan_id = $plan", plan=plan_id)
    if not rows:
        raise ConfigError(f"plan {plan_id}: not in this lake; `patchmill plans` lists those that are")
    return cast(PlanRow, rows[0])
