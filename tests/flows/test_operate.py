"""Operation: progress and rates in the UI, the sweep of dead runs, compaction, automations that fire."""

import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.events import emit_event
from prefect.events.filters import EventFilter, EventNameFilter, EventResourceFilter
from prefect.states import Running

from flows.audit import audit
from flows.compact import compact
from flows.refresh import refresh
from flows.serving.automations import apply_automations, read_automations
from flows.sweep import sweep
from flows.watching.alerts import AlertSettings
from flows.watching.artifacts import FINISHED, Rates, RunProgress, event_resource, measure_speed
from judge.factory import SandboxSettings
from storage.errors import ConfigError
from storage.lake import Lake, LakeSettings
from storage.locks.lease import hold_folder
from storage.tables import DROPS, PROBLEMS
from tasks.models.stats import Stats
from tasks.running.progress import Progress
from tests.builders import row
from tests.waiting import until

ROOT = Path(__file__).parents[2]
AUTOMATIONS = ROOT / "configs/automations"


@pytest.fixture
def client(prefect_server: str) -> Iterator[SyncPrefectClient]:
    with get_client(sync_client=True) as client:
        yield client


def count_events(client: SyncPrefectClient, event: str, resource: str) -> int:
    """Return the number of events of one name and resource that the server has stored."""
    event_filter = EventFilter(event=EventNameFilter(name=[event]), resource=EventResourceFilter(id=[resource]))
    return len(client.read_events(event_filter, limit=50).events)


def test_progress_shows_rows_rate_and_time_left_of_every_stage() -> None:
    run = RunProgress(total=8, began=100.0)
    run.render({"generate": Progress(40, 0)}, [], 100.0)
    run.done = 2
    text = run.render(
        {"generate": Progress(40, 30), "execute": Progress(10, 0)},
        [Stats(samples=30, completion_tokens=900, busy_s=9.0, waiting_s=12.4)],
        110.0,
    )
    assert "2 of 8 tasks after 10 s, about 30 s left" in text
    assert "| generate | ███████████████░░░░░ | 30 | 40 | 3.00 | 3 s |" in text
    assert "| execute | ░░░░░░░░░░░░░░░░░░░░ | 0 | 10 | 0.00 | ? |" in text
    assert "- waiting for the server's rate limit: 12 s" in text
    assert "- tokens/s: 90.0" in text and "- model busy share: 0.9" in text
    assert run.percent() == 25.0 and RunProgress(total=0, began=0).percent() == 100.0


def test_speed_counts_verdicts_of_every_judging_stage_and_survives_an_idle_run() -> None:
    stages = {"execute": Progress(10, 10), "matrix": Progress(40, 30), "generate": Progress(99, 99)}
    speed = measure_speed(
        [Stats(completion_tokens=50, busy_s=5.0), Stats(completion_tokens=50, busy_s=5.0)], stages, 20.0
    )
    assert (speed["verdicts/s"], speed["tokens/s"], speed["tokens/s while the model was busy"]) == (2.0, 5.0, 10.0)
    assert measure_speed([], {}, 0.0)["tokens/s"] == 0.0


@pytest.mark.parametrize(
    ("judged", "count", "level"),
    [(0, 0, "unknown"), (19, 19, "unknown"), (100, 2, "ok"), (100, 3, "high"), (20, 0, "ok")],
)
def test_a_rate_is_high_above_its_limit_and_unknown_for_few_programs(judged: int, count: int, level: str) -> None:
    labels = event_resource("x", Rates(judged, infra=count, tampered=0, flaky=0), AlertSettings())
    assert labels["patchmill.infra"] == level
    assert labels["patchmill.hack"] in ("ok", "unknown")


def test_small_files_are_merged_and_old_ones_deleted(tmp_path: Path, prefect_server: str) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    for n in range(6):
        lake.append(PROBLEMS, [row(PROBLEMS, problem_id=str(n))])
        lake.append(DROPS, [row(DROPS, stage="s", row_id=str(n))])
    files = {line["table"]: line for line in compact(lake.settings, keep_hours=0)}
    assert files["drops"] == {"table": "drops", "removed": 6, "added": 1, "deleted": 6}
    assert len(lake.files(DROPS)) == 1


def test_a_lake_that_a_run_works_on_is_not_compacted(tmp_path: Path, prefect_server: str) -> None:
    lake = Lake(LakeSettings(path=str(tmp_path / "lake"), buckets=1))
    lake.append(PROBLEMS, [row(PROBLEMS, problem_id="p")])
    with hold_folder(tmp_path / "lake", "flow run 9", 60, 0), pytest.raises(Exception, match="held by flow run 9"):
        compact(lake.settings)
    with pytest.raises(ConfigError, match="no lake there"):
        compact(LakeSettings(path=str(tmp_path / "none")))


def test_the_audit_runs_alone_and_repeats_no_attack(tmp_path: Path, prefect_server: str) -> None:
    lake = LakeSettings(path=str(tmp_path / "lake"), buckets=2)
    assert audit(lake, SandboxSettings(), "sample") > 5
    assert audit(lake, SandboxSettings(), "sample") == 0


def test_runs_without_a_sign_of_life_are_swept_and_no_others(tmp_path: Path, client: SyncPrefectClient) -> None:
    def create_run(lake: str) -> UUID:
        config = {"lake": {"path": lake}, "sources": [], "model": {}}
        return client.create_flow_run(refresh, parameters={"config": config}, state=Running()).id

    dead, beating, holding = (create_run(str(tmp_path / name)) for name in ("dead", "beating", "holding"))
    began = time.monotonic()
    time.sleep(20)  # longer than the flow `sweep` takes to start on a busy machine
    emit_event("prefect.flow-run.heartbeat", resource={"prefect.resource.id": f"prefect.flow-run.{beating}"})
    beat = time.monotonic()
    until(lambda: count_events(client, "prefect.flow-run.heartbeat", f"prefect.flow-run.{beating}"), "the heartbeat")
    with hold_folder(tmp_path / "holding", f"flow run refresh {holding}", 60, 0):
        silent_s = (time.monotonic() - beat) + 15
        assert silent_s < time.monotonic() - began
        sweep(silent_s)
    states = {run: client.read_flow_run(run).state for run in (dead, beating, holding)}
    assert {run: state and state.name for run, state in states.items()} == {
        dead: "Crashed", beating: "Running", holding: "Running"
    }  # fmt: skip
    time.sleep(0.5)
    sweep(0.1)  # leaves no running run to the tests that follow
    assert client.read_flow_run(beating).state_name == client.read_flow_run(holding).state_name == "Crashed"


def test_automations_are_applied_once_and_changed_by_name(client: SyncPrefectClient) -> None:
    files = read_automations(AUTOMATIONS)
    before = len(client.read_automations())
    assert set(apply_automations(client, files, dry_run=True).values()) <= {"created", "unchanged"}
    assert len(client.read_automations()) == before
    apply_automations(client, files)
    assert set(apply_automations(client, files).values()) == {"unchanged"}
    assert len(client.read_automations()) == len(files)
    path, file = next(iter(files.items()))
    changed = {**files, path: file.model_copy(update={"description": "another"})}
    assert [change for change in apply_automations(client, changed).values() if change != "unchanged"] == ["updated"]
    assert client.read_automations_by_name(file.name)[0].description == "another"
    apply_automations(client, files)


def test_a_notification_needs_an_existing_block(client: SyncPrefectClient) -> None:
    for name in ("ops", "slack-webhook/ops"):
        with pytest.raises(ConfigError, match=f"--notify {name}"):
            apply_automations(client, read_automations(AUTOMATIONS), notify=name)


def emit_finished(infra: int, hack: int, deployment: UUID | None) -> None:
    """Emit the event of a finished refresh of a new lake, with so many of 100 programs per rate."""
    lake = f"/lake-{uuid4()}"
    labels = event_resource(lake, Rates(100, infra=infra, tampered=hack, flaky=0), AlertSettings())
    role = {"prefect.resource.id": f"prefect.deployment.{deployment}", "prefect.resource.role": "deployment"}
    emit_event(FINISHED, resource=labels, related=[role] if deployment else [], payload={"judged": 100})


def test_a_high_rate_of_infrastructure_errors_pauses_the_deployment_and_a_low_one_does_not(
    client: SyncPrefectClient,
) -> None:
    apply_automations(client, read_automations(AUTOMATIONS))
    flow = client.create_flow(refresh)
    bad, good = (client.create_deployment(flow, f"night-{uuid4()}") for _ in range(2))
    time.sleep(3)  # the server reads new automations periodically
    emit_finished(0, 0, good)
    emit_finished(50, 0, bad)
    until(lambda: client.read_deployment(bad).paused, "the pause of the deployment")
    assert not client.read_deployment(good).paused


def test_a_high_hack_rate_is_an_entry_of_the_event_feed(client: SyncPrefectClient) -> None:
    apply_automations(client, read_automations(AUTOMATIONS))
    [automation] = client.read_automations_by_name("patchmill: hack rate is high")
    fired = "prefect.automation.action.executed", f"prefect.automation.{automation.id}"
    assert not count_events(client, *fired)
    time.sleep(3)
    emit_finished(0, 50, None)
    until(lambda: count_events(client, *fired), "the event of the automation")
