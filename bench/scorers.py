"""What scoring 15 programs on 15 tests costs, here and elsewhere: prints one JSON line.

    .venv/bin/python -m bench.scorers [--repeats 7] [--graphs 20000] [--many 1000000]

Ours is `self_validation` as the stage calls it: a list of boolean matrices in, scores, credibilities and the change per
round out, 10 rounds. Against HITS of networkx, which is what self-validation converges to, and PageRank of igraph,
which is what the paper likens it to; each in an environment of its own. Every contender takes its turn in each repeat,
on the same graphs as far as it gets (peers score fewer), one BLAS thread each; CPU time is the process's own
(`time.process_time`). Of the peers `graphs_per_cpu_s` counts scoring alone, their graphs being built before, and
`with_building` both, which is what it takes to get from matrices to scores, as ours does. Then `--many` graphs in
chunks, in a process of its own, whose peak memory is reported.
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
    os.environ[name] = "1"  # before numpy is imported, and for what this starts

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

from bench.contender import ROOT, environment, runner  # noqa: E402
from tasks.score.agreement import agreement  # noqa: E402
from tasks.score.validation import self_validation  # noqa: E402

SIDE, DAMPING, ROUNDS, CHUNK = 15, 0.85, 10, 20_000
PEERS_SCORE = {"networkx": 200, "igraph": 4000}  # about half a second a turn
CHECKED = 50


def drawn(rng: np.random.Generator, count: int) -> list[NDArray[np.bool_]]:
    """Matrices in which programs differ in how much they pass, and tests in how many pass them."""
    able, easy = rng.random((count, SIDE, 1)), rng.random((count, 1, SIDE))
    return list(rng.random((count, SIDE, SIDE)) < 0.2 + 0.6 * np.sqrt(able * easy))


class Peer:
    """A running runner of bench/peers."""

    def __init__(self, name: str, graphs: list[NDArray[np.bool_]]) -> None:
        self.count = len(graphs)
        command = runner(f"run_{name}", environment(name))
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)
        self._say(json.dumps([graph.astype(int).tolist() for graph in graphs]))

    def _say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def turn(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        self._say("")
        line = self.process.stdout.readline()
        assert line, f"{self.process.args!r} ended before it had answered"
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self.process.communicate()


def spread(values: list[float], digits: int | None = None) -> dict[str, float]:
    """Median and ends."""
    return {name: round(of(values), digits) for name, of in (("median", statistics.median), ("min", min), ("max", max))}


def times(ours: list[float], theirs: list[float]) -> dict[str, float]:
    """How many times theirs ours is, turn by turn."""
    return spread([a / b for a, b in zip(ours, theirs, strict=True)], 2)


def many(count: int) -> dict[str, Any]:
    """Score `count` graphs in chunks, dropping each chunk's scores; CPU time of the scoring alone."""
    rng, left, used, best = np.random.default_rng(1), count, 0.0, 0.0
    while left:
        graphs = drawn(rng, min(CHUNK, left))
        began = time.process_time()
        best += sum(float(found.programs.max()) for found in self_validation(graphs, DAMPING, ROUNDS))
        used += time.process_time() - began
        left -= len(graphs)
    assert best == count, "every largest score is 1"
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return {"graphs": count, "chunk": CHUNK, "cpu_s": round(used, 1), "peak_mib": int(peak.split()[1]) >> 10}


def measure(repeats: int, count: int) -> dict[str, Any]:
    """All contenders, turn by turn."""
    graphs = drawn(np.random.default_rng(0), count)
    peers = {name: Peer(name, graphs[:few]) for name, few in PEERS_SCORE.items()}
    ours, theirs = list[float](), {name: list[float]() for name in peers}
    built: dict[str, list[float]] = {name: [] for name in peers}
    said: dict[str, list[NDArray[np.float64]]] = {}
    try:
        for turn in range(repeats):
            began = time.process_time()
            found = self_validation(graphs, DAMPING, ROUNDS)
            ours.append(count / (time.process_time() - began))
            for name, peer in peers.items():
                answer = peer.turn()
                theirs[name].append(peer.count / answer["score_s"])
                built[name].append(peer.count / (answer["build_s"] + answer["score_s"]))
                said[name] = [np.array(scores) for scores in answer["scores"]]
            rates = ", ".join(f"{name} {values[-1]:.0f}" for name, values in theirs.items())
            print(f"{turn + 1}/{repeats} ours {ours[-1]:.0f}, {rates} graphs per CPU second", file=sys.stderr)
    finally:
        for peer in peers.values():
            peer.close()
    limits = [found.programs for found in self_validation(graphs[:CHECKED], DAMPING, 400)]
    hubs = [scores / scores.max() for scores in said["networkx"][:CHECKED]]
    return {
        "ours": {"graphs": count, "graphs_per_cpu_s": spread(ours)},
        "peers": {
            name: {
                "graphs": peers[name].count,
                "graphs_per_cpu_s": spread(theirs[name]),
                "with_building": spread(built[name]),
                "ours_times_faster": times(ours, theirs[name]),
                "ours_times_faster_with_building": times(ours, built[name]),
                "spearman_with_ours": round(
                    agreement([f.programs for f in found[: len(said[name])]], said[name], "spearman").left_out or 0, 4
                ),
            }
            for name in peers
        },
        "largest_difference_to_networkx_after_400_rounds": max(
            float(np.abs(a - b).max()) for a, b in zip(limits, hubs, strict=True)
        ),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--graphs", type=int, default=20_000, help="that ours scores in a turn; at least 4000")
    parser.add_argument("--many", type=int, default=1_000_000, help="graphs of the run whose memory is measured")
    parser.add_argument("--only-many", action="store_true", help="that run alone")
    arguments = parser.parse_args()
    if arguments.graphs < max(PEERS_SCORE.values()) or arguments.repeats < 1 or arguments.many < 1:
        parser.error("expected at least 4000 graphs, a repeat, and a graph of many")
    if arguments.only_many:
        print(json.dumps(many(arguments.many)))
        return
    load = round(os.getloadavg()[0], 2)
    found = measure(arguments.repeats, arguments.graphs)
    command = [sys.executable, "-m", "bench.scorers", "--only-many", "--many", str(arguments.many)]
    apart = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True, cwd=ROOT)
    print(json.dumps({"side": SIDE, "rounds": ROUNDS, "load_before": load, **found, "many": json.loads(apart.stdout)}))


if __name__ == "__main__":
    main()
