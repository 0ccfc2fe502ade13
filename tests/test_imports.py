"""Rules of the tree that import contracts cannot state, because they name every stage."""

import ast
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]
STAGES = sorted(path.parent.name for path in ROOT.glob("tasks/*/task.py"))
ROOMS = ("asking", "running", "reading", "mutating", "models")
ROW_BUILDERS = sorted(ROOT.glob("tasks/*/rows.py"))
CLOCKS = {"now", "utcnow", "today", "time", "monotonic", "perf_counter", "uuid4", "urandom"}


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("tasks", "flows", include_external_packages=True)


def imported_by(imports: grimp.ImportGraph, package: str) -> set[str]:
    modules = {package, *imports.find_descendants(package)}
    return {name for module in modules for name in imports.find_modules_directly_imported_by(module)}


def test_there_are_stages() -> None:
    assert {"generate", "execute", "repair", "assemble"} <= set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_imports_no_other_stage(imports: grimp.ImportGraph, stage: str) -> None:
    parts = {name.split(".")[1] for name in imported_by(imports, f"tasks.{stage}") if name.startswith("tasks.")}
    assert parts - {stage} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_shared_room_imports_no_stage(imports: grimp.ImportGraph, room: str) -> None:
    parts = {name.split(".")[1] for name in imported_by(imports, f"tasks.{room}") if name.startswith("tasks.")}
    assert not parts & set(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_only_the_task_file_of_a_stage_imports_prefect_or_the_open_models(
    imports: grimp.ImportGraph, stage: str
) -> None:
    effects = {"prefect", "tasks.running.effects", "tasks.running.stage"}
    modules = {f"tasks.{stage}", *imports.find_descendants(f"tasks.{stage}")} - {f"tasks.{stage}.task"}
    assert [name for name in modules if imports.find_modules_directly_imported_by(name) & effects] == []


@pytest.mark.parametrize("path", ROW_BUILDERS, ids=lambda path: path.parent.name)
def test_row_builders_read_no_clock_and_draw_no_random_id(path: Path) -> None:
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    names = {func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "") for func in calls}
    assert not names & CLOCKS
