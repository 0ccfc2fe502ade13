"""Every pending macro takes a plan alone, and its row type names its columns."""

from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest

from storage.catalog import Catalog
from storage.lake import Lake, LakeSettings
from storage.pending import ProblemText
from storage.statements import list_entries
from tasks.running.pending import PENDING, macro_of

SCALARS = {"VARCHAR": str, "BIGINT": int, "INTEGER": int, "DOUBLE": float, "BOOLEAN": bool}


@pytest.fixture
def catalog(tmp_path: Path) -> Any:
    with Catalog(Lake(LakeSettings(path=str(tmp_path / "lake")))) as empty:
        yield empty


def columns_of(catalog: Catalog, macro: str) -> dict[str, str]:
    rows = catalog.rows(f"select column_name, column_type from (describe from {macro}('no plan'))")
    return {row["column_name"]: row["column_type"] for row in rows}


def fits(sql_type: str, hint: Any) -> bool:
    if isinstance(hint, UnionType):
        hint = next(part for part in get_args(hint) if part is not type(None))
    if get_origin(hint) is list:
        return sql_type.endswith("[]") and fits(sql_type[:-2], get_args(hint)[0])
    if is_typeddict(hint):
        return sql_type.startswith("STRUCT") and all(
            f'"{name}" ' in sql_type or f"{name} " in sql_type for name in get_type_hints(hint)
        )
    return SCALARS[sql_type] is hint


@pytest.mark.parametrize("row_type", PENDING, ids=lambda kind: kind.__name__)
def test_a_row_type_names_the_columns_of_its_macro(catalog: Catalog, row_type: type) -> None:
    columns = columns_of(catalog, "problems_of") | columns_of(catalog, macro_of(row_type))
    hints = get_type_hints(row_type)
    assert columns.keys() == hints.keys()
    assert [name for name, hint in hints.items() if not fits(columns[name], hint)] == []


def test_problem_text_names_the_columns_of_problems_of(catalog: Catalog) -> None:
    assert columns_of(catalog, "problems_of").keys() == get_type_hints(ProblemText).keys()


def test_every_pending_macro_takes_a_plan_alone_and_has_a_row_type() -> None:
    macros = {entry.name: entry.parameters for entry in list_entries() if entry.name.startswith("pending_")}
    assert set(macros) == {macro_of(row_type) for row_type in PENDING}
    assert set(macros.values()) == {"(of_plan)"}
