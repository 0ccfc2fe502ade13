"""Every change of the examples comes with a new version of the assembly."""

import json
from hashlib import sha256

from storage.dataset_tables import PREFERENCE_EFFICIENCY
from tasks.assemble.address import ASSEMBLY_VERSION
from tasks.assemble.examples import VerifiedProgramRow, build_examples
from tasks.assemble.labels import LabelledProgramRow, build_labelled_examples
from tasks.assemble.pairs import CandidatePairRow, ScoredPairRow, build_pair_examples, pick_pairs
from tests.assemble.lakes import NEAR_IDENTICAL, RIGHT, TESTS, WRONG

DIGESTS = {2: "4a19cad628232a7cf32c36ce279823ed78f403e6430b44c4713c7097cd215152"}
"""Digest of the examples below, by version of the assembly."""
CODES = {"a": RIGHT.text or "", "c": WRONG.text or "", "d": NEAR_IDENTICAL[0], "e": NEAR_IDENTICAL[1]}
VERIFIED: VerifiedProgramRow = {
    "form": "generate", "attempt_id": "r", "problem_id": "p", "bucket": 0, "code": "def f(x):\n    return 1\n",
    "model": "m", "round": 0, "judge_version": 1, "parent_attempt_id": None, "diagnosis_id": None, "explanation": None,
    "wrong_code": None, "wrong_verdict": None, "feedback": None, "prompt": "Write f.", "entry_point": "f",
    "origin": None, "wrong_passed_tests": None, "total_tests": None, "bug": None, "bug_line": None,
    "token_distance": None, "context": "", "tests": TESTS, "source": "s", "source_id": "1", "licence": "MIT",
}  # fmt: skip
REPAIR: VerifiedProgramRow = {
    **VERIFIED, "form": "repair", "round": 1, "parent_attempt_id": "w", "wrong_code": "def f(x):\n    return 0\n",
    "wrong_verdict": "failed", "feedback": "assert f(1) == 1 failed.", "origin": "model", "wrong_passed_tests": 0,
    "total_tests": 1,
}  # fmt: skip
EXPLAINED: VerifiedProgramRow = {
    **REPAIR, "form": "explain_repair", "diagnosis_id": "d", "explanation": "It returns 0.\n",
}  # fmt: skip
CANDIDATES: list[CandidatePairRow] = [
    {"problem_id": "p", "bucket": 0, "chosen": "d", "rejected": "e", "ratio": 2.0, "ratio_low": 1.5, "ratio_high": 3.0},
    {"problem_id": "p", "bucket": 0, "chosen": "a", "rejected": "c", "ratio": 2.0, "ratio_low": 1.5, "ratio_high": 3.0},
    {"problem_id": "p", "bucket": 0, "chosen": "a", "rejected": "e", "ratio": 2.0, "ratio_low": 1.5, "ratio_high": 3.0},
]
PAIR: ScoredPairRow = {
    "example_id": "e", "problem_id": "p", "bucket": 0, "chosen": "a", "rejected": "c", "token_distance": 0.5,
    "ratio": 2.0, "ratio_low": 1.5, "ratio_high": 3.0, "scorer": "efficiency@1", "matrix_id": "m",
    "chosen_code": CODES["a"], "chosen_score": 1.0, "chosen_verdicts": [{"test": "t0", "verdict": "passed"}],
    "chosen_passes": True, "rejected_code": CODES["c"], "rejected_score": 0.2,
    "rejected_verdicts": [{"test": "t0", "verdict": "failed"}], "rejected_passes": None, "model": "m",
    "judge_version": 1, "prompt": "Write f.", "entry_point": "f", "tests": TESTS, "source": "s", "source_id": "1",
    "licence": "MIT",
}  # fmt: skip
LABELLED: LabelledProgramRow = {
    "attempt_id": "a", "problem_id": "p", "bucket": 0, "code": CODES["a"], "label": True,
    "scorer": "self_validation@1", "matrix_id": "m", "score": 1.0, "passes": True, "model": "m", "judge_version": 1,
    "prompt": "Write f.", "entry_point": "f", "tests": TESTS, "source": "s", "source_id": "1", "licence": "MIT",
}  # fmt: skip


def test_examples_change_only_with_the_version_of_the_assembly() -> None:
    tables = [
        build_examples([VERIFIED, REPAIR, EXPLAINED]),
        *pick_pairs(CANDIDATES, CODES, "efficiency@1", max_pairs=1, min_token_distance=0.11),
        build_pair_examples(PREFERENCE_EFFICIENCY, [PAIR]),
        build_labelled_examples([LABELLED]),
    ]
    assert [table.num_rows for table in tables] == [3, 1, 1, 1, 1]
    text = json.dumps([table.to_pylist() for table in tables], sort_keys=True)
    digest = sha256(text.encode()).hexdigest()
    assert digest == DIGESTS[ASSEMBLY_VERSION], "raise ASSEMBLY_VERSION, and add the digest of the new examples"
