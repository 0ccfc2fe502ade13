"""A stage that asks a server on loopback which misbehaves: what is written, said and still pending."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from flows.config import RefreshConfig
from flows.watching.report import describe_unanswered, find_fault
from storage.catalog import Catalog
from storage.errors import ConfigError
from storage.lake import Lake
from storage.plan_tables import SELECTIONS
from storage.statements import load_statement
from storage.tables import ATTEMPTS, DIAGNOSES, IDEAS, PROBLEMS, TESTS, UNANSWERED_REQUESTS
from tasks.generate.settings import GenerateSettings
from tasks.generate.task import generate
from tasks.models.settings import OpenAISettings
from tasks.running.effects import close_all
from tasks.running.order import Order
from tests.asking import servers
from tests.asking.servers import FaultyServer
from tests.builders import row
from tests.plans import SELECTION, make_config, store_plan

SUITES = {
    name: f'{{"kind": "asserts", "setup": "", "asserts": ["assert {name}(2, 2) == 4"]}}' for name in ("add", "mul")
}


class Work:
    """A lake with the problems add and mul, and the stage generate with two samples of each."""

    def __init__(self, path: Path, url: str, **model: Any) -> None:
        settings = {"urls": (url,), "name": "m", "retries": 1, "backoff_s": 0.01, **model}
        generate = GenerateSettings(samples=2)
        self.config: RefreshConfig = make_config(path / "lake", 1, generate=generate).model_copy(
            update={"model": OpenAISettings.model_validate(settings)}
        )
        self.lake = Lake(self.config.lake)
        if not self.lake.exists():
            self.lake.append(PROBLEMS, [
                row(PROBLEMS, problem_id=name, source="own", source_id=name, entry_point=name, tests=tests,
                    tests_kind="asserts", prompt=f"Write {name}(a, b), which takes two numbers and returns one.")
                for name, tests in SUITES.items()
            ])  # fmt: skip
            self.lake.append(SELECTIONS, [row(SELECTIONS, selection_id=SELECTION, problem_id=name) for name in SUITES])
        self.plan = store_plan(self.config)

    def run(self) -> int:
        """Run the stage as a new process would; return how many rows it wrote."""
        close_all()
        return generate.fn(Order(self.config.lake, self.plan, 0, self.config.generate, self.config.model))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, in which $plan is the plan."""
        with Catalog(self.lake) as catalog:
            return [tuple(row.values()) for row in catalog.rows(sql, plan=self.plan, recipes=[])]

    @property
    def attempts(self) -> list[tuple[Any, ...]]:
        return self.query("select problem_id, sample_index, code from attempts order by all")

    @property
    def unanswered(self) -> list[tuple[Any, ...]]:
        return self.query("select source_id, sample_index, status, words from unanswered_of($plan) order by all")

    @property
    def pending(self) -> list[tuple[Any, ...]]:
        return self.query("select problem_id, missing from pending_generate($plan) order by all")

    @property
    def fault(self) -> str:
        """Why a run counts as failed after this stage."""
        with Catalog(self.lake) as catalog:
            lines: Any = catalog.rows(load_statement("unanswered_of_run"), plan=self.plan, recipes=[])
        return find_fault({"generate": len(self.attempts)}, lines, self.config.max_failed)


Open = Callable[..., Work]
ALL = [(name, index, servers.PROGRAMS[name]) for name in ("add", "mul") for index in (0, 1)]


@pytest.fixture
def server() -> Iterator[FaultyServer]:
    with FaultyServer() as server:
        yield server


@pytest.fixture
def work(tmp_path: Path, server: FaultyServer) -> Iterator[Open]:
    """Open the work of a lake; keywords are settings of the model."""
    with ExitStack() as stack:
        stack.callback(close_all)
        yield lambda **model: Work(tmp_path, server.url, **model)


def test_a_server_that_refuses_every_request_is_said_and_asked_again(server: FaultyServer, work: Open) -> None:
    server.fault = servers.refuse_long_prompts
    refused, words = work(), "status 400: maximum context length is 64 tokens; shorten the messages"
    assert refused.run() == 0
    assert refused.unanswered == [(name, index, "refused", words) for name, index, _ in ALL]
    assert refused.pending == [("add", 2), ("mul", 2)]
    assert refused.fault == f"no answer at all; generate: 4 refused (add, mul): {words}; the next run asks again"
    assert refused.query("select refused, failed, attempts from funnel_of($plan)") == [(4, 0, 0)]
    assert refused.query("select model, kind, attempts, refused from funnel") == [("m", "generate", 0, 4)]
    server.fault = None
    assert refused.run() == 4
    assert (refused.attempts, refused.unanswered, refused.pending, refused.fault) == (ALL, [], [], "")


def test_a_model_without_a_system_turn_is_one_error_and_a_setting_away(server: FaultyServer, work: Open) -> None:
    server.fault = servers.refuse_system_turns
    with pytest.raises(ConfigError, match=r"refuses system turns .*set system_role: user for this model"):
        work().run()
    plan = work().plan
    merged = work(system_role="user")
    assert merged.plan == plan  # ids don't depend on how a turn is sent
    assert merged.run() == 4
    assert merged.attempts == ALL


def test_one_bad_problem_fails_alone_is_named_and_asked_again(server: FaultyServer, work: Open) -> None:
    server.fault = servers.give_no_choice_for_mul
    poisoned = work()
    assert poisoned.run() == 2
    assert poisoned.attempts == ALL[:2] and poisoned.pending == [("mul", 2)]
    assert "2 of 4 samples failed (50%, max_failed=0.05); generate: 2 failed (mul): 2 attempts; last" in poisoned.fault
    requests = len(server.bodies)
    assert poisoned.run() == 0  # the next run asks for these alone, and keeps one row for each
    assert all("mul(" in servers.text_of(b) or "Say ok." in servers.text_of(b) for b in server.bodies[requests:])
    assert poisoned.query("select count(*) as n from unanswered_requests") == [(2,)]
    server.fault = None
    assert poisoned.run() == 2
    assert (poisoned.attempts, poisoned.unanswered, poisoned.fault) == (ALL, [], "")
    asked = len(server.bodies)
    assert poisoned.run() == 0 and len(server.bodies) == asked


def test_a_filtered_answer_is_refused_and_no_failure_of_the_run(server: FaultyServer, work: Open) -> None:
    server.fault = servers.filter_mul
    filtered = work()
    assert filtered.run() == 2
    assert filtered.unanswered == [("mul", index, "refused", "finish_reason content_filter") for index in (0, 1)]
    assert filtered.fault == ""


@pytest.mark.parametrize("fault", [servers.give_one_choice, servers.answer_in_parts])
def test_answers_in_the_shapes_of_real_servers_are_read(server: FaultyServer, work: Open, fault: Any) -> None:
    server.fault = fault
    opened = work()
    assert opened.run() == 4
    assert (opened.attempts, opened.unanswered) == (ALL, [])


def test_a_rate_limit_is_waited_for(server: FaultyServer, work: Open) -> None:
    limit = servers.LimitPerWindow(1, 0.2)
    server.fault = limit
    limited = work(retries=0, backoff_s=0.05)
    assert limited.run() == 4
    assert limited.attempts == ALL and limit.limited > 0


def test_a_share_of_failures_within_max_failed_is_no_fault() -> None:
    line: Any = {"stage": "repair", "status": "failed", "samples": 5, "problems": 4, "examples": ["a", "b", "c"],
                 "words": "6 attempts; last: status 500: boom"}  # fmt: skip
    assert find_fault({"generate": 80, "repair": 15}, [line], 0.05) == ""
    assert find_fault({"generate": 79, "repair": 15}, [line], 0.05).startswith("5 of 99 samples failed")
    assert find_fault({"generate": 80}, [line], 1.0).startswith("no answer at all; repair: 5 failed")
    assert describe_unanswered(line) == "repair: 5 failed (a, b, c and 1 more): 6 attempts; last: status 500: boom"


def test_a_sample_of_any_stage_leaves_the_view_once_it_is_answered(tmp_path: Path) -> None:
    lake = Lake(make_config(tmp_path / "lake").lake)
    stages = {"generate": "p", "write_tests": "p", "diagnose": "a", "repair": "a:d", "mining tasks": "s"}
    common = {"status": "failed", "problem_id": None}
    lake.append(UNANSWERED_REQUESTS, [
        row(UNANSWERED_REQUESTS, stage=stage, subject_id=subject, recipe_id=stage, sample_index=index, **common)
        for stage, subject in stages.items() for index in (0, 1)
    ])  # fmt: skip
    lake.append(ATTEMPTS, [
        row(ATTEMPTS, attempt_id="1", problem_id="p", kind="generate", recipe_id="generate"),
        row(ATTEMPTS, attempt_id="2", parent_attempt_id="a", diagnosis_id="d", kind="repair", recipe_id="repair"),
    ])  # fmt: skip
    lake.append(DIAGNOSES, [row(DIAGNOSES, diagnosis_id="d", attempt_id="a", recipe_id="diagnose")])
    lake.append(TESTS, [row(TESTS, test_id="t", problem_id="p", recipe_id="write_tests")])
    lake.append(IDEAS, [row(IDEAS, idea_id="i", seed_id="s", recipe_id="mining tasks")])
    with Catalog(lake) as catalog:
        left = {(row["stage"], row["sample_index"]) for row in catalog.rows("from unanswered")}
    assert left == {(stage, 1) for stage in stages}
