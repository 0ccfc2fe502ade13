"""Measure the cost of scoring 15 programs on 15 tests, here and by other libraries: prints one JSON line.

    .venv/bin/python -m bench.scorers [--repeats 7] [--graphs 20000] [--many 1000000]

`ours` is `run_self_validation` as the stage calls it: a list of boolean matrices in; scores, credibilities and the
change per round out; 10 rounds. The peers are HITS of networkx, to which self-validation converges, and PageRank of
igraph, with which the paper compares it; each runs in an environment of its own. Every contender takes its turn in each
repeat, on the same graphs (peers score the first of them), with one BLAS thread. CPU time is the process's own
(`time.process_time`).

Of the peers `graphs_per_cpu_s` counts scoring alone, of graphs built before. `with_building` counts both, which is the
whole way from matrices to scores, as for `ours`. Then a process of its own scores `--many` graphs in chunks and reports
its peak memory.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is imported, and for the processes that this one starts

import numpy as np  # noqa: E402

from bench.contender import ROOT, environment, runner  # noqa: E402
from tasks.score.agreement import measure_agreement  # noqa: E402
from tasks.score.rankers import Bools, Floats  # noqa: E402
from tasks.score.validation import run_self_validation  # noqa: E402

SIDE, DAMPING, ROUNDS, CHUNK = 15, 0.85, 10, 20_000
GRAPHS_OF_PEERS = {"networkx": 200, "igraph": 4000}  # about half a second a turn
COMPARED_GRAPHS = 50  # with networkx, in the limit


def draw_graphs(rng: np.random.Generator, count: int) -> list[Bools]:
    """Draw (SIDE, SIDE) verdicts in which programs differ in ability and tests in difficulty."""
    able, easy = rng.random((count, SIDE, 1)), rng.random((count, 1, SIDE))
    return list(rng.random((count, SIDE, SIDE)) < 0.2 + 0.6 * np.sqrt(able * easy))


class PeerProcess:
    """A running program of bench/peers, which scores the same graphs each turn."""

    def __init__(self, name: str, graphs: list[Bools]) -> None:
        self.count = len(graphs)
        command = runner(f"run_{name}", environment(name))
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        self._send(json.dumps([graph.astype(int).tolist() for graph in graphs]))

    def _send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def score_graphs(self) -> dict[str, Any]:
        """Take a turn; return the scores, and the CPU seconds of building and of scoring."""
        assert self.process.stdout is not None
        self._send("")
        line = self.process.stdout.readline()
        assert line, f"{self.process.args!r} ended before it had answered"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Let the process end."""
        self.process.communicate()


def summarise(values: list[float], digits: int | None = None) -> dict[str, float]:
    """Return median, least and most."""
    figures = {"median": statistics.median(values), "min": min(values), "max": max(values)}
    return {name: round(value, digits) for name, value in figures.items()}


def summarise_ratios(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """Summarise `ours` by `theirs`, turn by turn."""
    return summarise([a / b for a, b in zip(ours, theirs, strict=True)], 2)


def score_many(count: int) -> dict[str, Any]:
    """Score `count` graphs in chunks, keeping no scores; return the CPU time of scoring, and peak memory."""
    rng, remaining, cpu_s, sum_of_largest = np.random.default_rng(1), count, 0.0, 0.0
    while remaining:
        graphs = draw_graphs(rng, min(CHUNK, remaining))
        began = time.process_time()
        results = run_self_validation(graphs, DAMPING, ROUNDS)
        sum_of_largest += sum(float(result.programs.max()) for result in results)
        cpu_s += time.process_time() - began
        remaining -= len(graphs)
    assert sum_of_largest == count, "every largest score is 1"
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {"graphs": count, "chunk": CHUNK, "cpu_s": round(cpu_s, 1), "peak_mib": int(peak.split()[1]) >> 10}


def compare(repeats: int, count: int) -> dict[str, Any]:
    """Let all contenders take their turns on `count` graphs; return their rates and how far their scores agree."""
    graphs = draw_graphs(np.random.default_rng(0), count)
    peers = {name: PeerProcess(name, graphs[:few]) for name, few in GRAPHS_OF_PEERS.items()}
    rates: list[float] = []
    peer_rates: dict[str, list[float]] = {name: [] for name in peers}
    rates_with_building: dict[str, list[float]] = {name: [] for name in peers}
    peer_scores: dict[str, list[Floats]] = {}
    try:
        for turn in range(repeats):
            began = time.process_time()
            results = run_self_validation(graphs, DAMPING, ROUNDS)
            rates.append(count / (time.process_time() - began))
            for name, peer in peers.items():
                answer = peer.score_graphs()
                peer_rates[name].append(peer.count / answer["score_s"])
                rates_with_building[name].append(peer.count / (answer["build_s"] + answer["score_s"]))
                peer_scores[name] = [np.array(scores) for scores in answer["scores"]]
            listed = ", ".join(f"{name} {values[-1]:.0f}" for name, values in peer_rates.items())
            print(f"{turn + 1}/{repeats} ours {rates[-1]:.0f}, {listed} graphs per CPU second", file=sys.stderr)
    finally:
        for peer in peers.values():
            peer.close()
    scores = [result.programs for result in results]
    limits = [result.programs for result in run_self_validation(graphs[:COMPARED_GRAPHS], DAMPING, 400)]
    hubs = [scores / scores.max() for scores in peer_scores["networkx"][:COMPARED_GRAPHS]]
    return {
        "ours": {"graphs": count, "graphs_per_cpu_s": summarise(rates)},
        "peers": {
            name: {
                "graphs": peer.count,
                "graphs_per_cpu_s": summarise(peer_rates[name]),
                "with_building": summarise(rates_with_building[name]),
                "ours_times_faster": summarise_ratios(rates, peer_rates[name]),
                "ours_times_faster_with_building": summarise_ratios(rates, rates_with_building[name]),
                "spearman_with_ours": round(
                    measure_agreement(scores[: peer.count], peer_scores[name], "spearman").left_out or 0, 4
                ),
            }
            for name, peer in peers.items()
        },
        "largest_difference_to_networkx_after_400_rounds": max(
            float(np.abs(limit - hub).max()) for limit, hub in zip(limits, hubs, strict=True)
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--graphs", type=int, default=20_000, help="graphs that ours scores in a turn; at least 4000")
    parser.add_argument("--many", type=int, default=1_000_000, help="graphs of the run whose memory is measured")
    parser.add_argument("--only-many", action="store_true", help="that run alone")
    arguments = parser.parse_args()
    if arguments.graphs < max(GRAPHS_OF_PEERS.values()) or arguments.repeats < 1 or arguments.many < 1:
        parser.error("expected at least 4000 graphs, a repeat, and a graph of many")
    if arguments.only_many:
        print(json.dumps(score_many(arguments.many)))
        return
    load = round(os.getloadavg()[0], 2)
    comparison = compare(arguments.repeats, arguments.graphs)
    command = [sys.executable, "-m", "bench.scorers", "--only-many", "--many", str(arguments.many)]
    process = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, cwd=ROOT)
    report = {"side": SIDE, "rounds": ROUNDS, "load_before": load, **comparison, "many": json.loads(process.stdout)}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
