"""Measure a refresh with a real model, and the share of its cost that is not the model's: prints one JSON line.

    .venv/bin/python -m bench.refresh configs/refresh/mbpp.yaml --lake /tmp/lake [--set ...] [--replay 150]

Runs the config through `patchmill record` against a vLLM server that this script starts. Meanwhile it samples CPU time
by part: model server, sandbox, Prefect's server, and Patchmill itself with Prefect's client. Then it sends a sample of
the same prompts directly to the same server, with as many in flight, and compares tokens/s. A prefix on each replayed
prompt keeps the server's prefix cache from serving tokens of the first run.
"""

import argparse
import asyncio
import json
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import psutil

from flows.config import RefreshConfig
from storage.settings import load_settings
from tasks.models.recorded import read_recording
from tasks.models.settings import VllmSettings
from tasks.models.vllm_server import VllmServer
from tasks.models.weights import fetch_weights

PARTS = {"VLLM": "model server", "vllm": "model server", "uvicorn": "prefect server", "inside.zygote": "sandbox"}


class Meter(threading.Thread):
    """Samples CPU seconds by part of process trees; ended processes keep their last sample.

    Programs in the sandbox end between two samples. Their time is that of their fork server's waited-for children, and
    is lost where a fork server ends before the run does.
    """

    def __init__(self, pids: list[int]) -> None:
        super().__init__(daemon=True)
        self.pids, self.stop = pids, threading.Event()
        self.samples = dict[tuple[int, float], tuple[str, float]]()
        """Part and CPU seconds by process id and start."""
        self.sandbox_s = 0.0

    def run(self) -> None:
        while not self.stop.wait(0.5):
            self.sandbox_s = max(self.sandbox_s, sum(self._sample(pid) for pid in self.pids))

    def _sample(self, pid: int) -> float:
        """Sample every process below `pid`; return the CPU seconds of the sandbox among them."""
        sandbox_s = 0.0
        try:
            root = psutil.Process(pid)
            tree = [root, *root.children(recursive=True)]
        except psutil.Error:
            return sandbox_s
        for process in tree:
            try:
                words = " ".join([process.name(), *process.cmdline()])
                part = next((part for word, part in PARTS.items() if word in words), "patchmill")
                times = process.cpu_times()
                if part == "sandbox":
                    sandbox_s += times.user + times.system + times.children_user + times.children_system
                else:
                    self.samples[(process.pid, process.create_time())] = (part, times.user + times.system)
            except psutil.Error:
                continue
        return sandbox_s

    def sum_by_part(self) -> dict[str, float]:
        parts: dict[str, float] = defaultdict(float, sandbox=self.sandbox_s)
        for part, seconds in self.samples.values():
            parts[part] += seconds
        return {part: round(seconds, 1) for part, seconds in parts.items()}


async def send_directly(url: str, name: str, chats: list[dict[str, Any]], in_flight: int) -> dict[str, float]:
    """Send requests to the server without Patchmill between; return tokens/s over all of them."""
    places, tokens = asyncio.Semaphore(in_flight), 0

    async def send(client: httpx.AsyncClient, chat: dict[str, Any]) -> None:
        nonlocal tokens
        async with places:
            answer = await client.post(f"{url}/chat/completions", json={"model": name, **chat})
            tokens += answer.raise_for_status().json()["usage"]["completion_tokens"]

    began = time.monotonic()
    async with httpx.AsyncClient(timeout=1800, limits=httpx.Limits(max_connections=in_flight)) as client:
        await asyncio.gather(*(send(client, chat) for chat in chats))
    seconds = time.monotonic() - began
    return {
        "requests": len(chats),
        "tokens": tokens,
        "seconds": round(seconds, 1),
        "tokens_per_s": round(tokens / seconds, 1),
    }


def sample_requests(recording: Path, count: int, max_tokens: int) -> list[dict[str, Any]]:
    """Return a sample of the recorded prompts as requests, each with a prefix that the cache does not hold."""
    rows = random.Random(1).sample(read_recording(recording), count)
    requests = []
    for row in rows:
        messages = json.loads(row["messages"])
        messages[0]["content"] = "(again) " + messages[0]["content"]
        requests.append({"messages": messages, "temperature": 1.0, "top_k": 0, "max_tokens": max_tokens})
    return requests


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("config", type=Path)
    parser.add_argument("--lake", type=Path, required=True)
    parser.add_argument("--set", action="append", default=[], dest="sets")
    parser.add_argument("--replay", type=int, default=150)
    arguments = parser.parse_args()
    settings = load_settings(arguments.config, RefreshConfig).model
    assert isinstance(settings, VllmSettings), "expected a config whose model is a vLLM server"
    server = VllmServer(settings, fetch_weights(settings))
    url = server.ensure_running()
    recording = arguments.lake.with_suffix(".parquet")
    command = [sys.executable, "-c", "from cli.main import main; main()", "record", str(arguments.config)]
    command += ["--lake", str(arguments.lake), "--out", str(recording), "--json"]
    command += [word for text in arguments.sets for word in ("--set", text)]
    try:
        meter = Meter([process.pid for process in psutil.Process().children()])
        process = subprocess.Popen(command, stdout=subprocess.PIPE)
        meter.pids.append(process.pid)
        meter.start()
        began = time.monotonic()
        out, _ = process.communicate()
        wall = time.monotonic() - began
        meter.stop.set()
        meter.join()
        assert process.returncode == 0, "the refresh failed"
        report = json.loads(out.decode().strip().splitlines()[-1])
        stats = report["models"][0]
        peer = asyncio.run(
            send_directly(url, settings.name, sample_requests(recording, arguments.replay, 320), settings.max_in_flight)
        )
    finally:
        server.close()
    cpu = meter.sum_by_part()
    print(
        json.dumps(
            {
                "wall_s": round(wall, 1),
                "tokens": stats["completion_tokens"],
                "tokens_per_s_while_busy": round(stats["completion_tokens"] / stats["busy_s"], 1),
                "straight": peer,
                "model_busy_share": round(stats["busy_s"] / wall, 4),
                "cpu_s": cpu,
                "prefect_server_cpu_share": round(cpu.get("prefect server", 0) / sum(cpu.values()), 4),
                "funnel": report["funnel"],
                "examples": report["examples"],
            }
        )
    )


if __name__ == "__main__":
    main()
