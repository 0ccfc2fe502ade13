"""The evaluation refines every wrong program once in each way, and sends a model no request twice."""

from collections.abc import Callable

import pytest

from flows.config import RefreshConfig
from flows.evaluate import evaluate
from tests.scripted import ScriptedServer

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_every_wrong_program_is_refined_once_in_both_ways(
    config: Callable[..., RefreshConfig], writer: ScriptedServer
) -> None:
    rows = evaluate(config(), rounds=1)
    # two problems, each with one right and two wrong programs
    assert writer.asked == {"generate": 6, "diagnose": 4, "repair": 4 + 4}
    counts = [(row["way"], row["round"], row["programs"], row["wrong"], row["refined"]) for row in rows]
    assert counts == [("none", 0, 6, 4, 0), ("direct", 1, 6, 4, 0), ("explain", 1, 6, 4, 0)]
    assert [row["pass_at_1"] for row in rows] == [0.3333] * 3  # this writer's first repair is never right
    assert evaluate(config(), rounds=1) == rows
    assert writer.asked == {"generate": 6, "diagnose": 4, "repair": 8}
