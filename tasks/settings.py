"""The settings of the stages: what a user may change, each with where its default comes from."""

from typing import Literal

from pydantic import Field

from judge.protocol import Limits
from storage.settings import Settings
from tasks.models.protocol import Sampling

Product = Literal["debugging", "preference"]
Scorer = Literal["self_validation", "passed_count", "pass_all", "random", "ground_truth"]


class GenerateSettings(Settings):
    """First attempts."""

    samples: int = Field(8, ge=1, le=10_000)
    """Programs per problem (LeDex: 20)."""
    template: str = "chat"
    """`chat`, `three_shot` (as LeDex samples), or a path to a .jinja file."""
    sampling: Sampling = Sampling(temperature=1.0, max_tokens=512)
    """LeDex: T = 1.0."""
    skip_failed_references: bool = True
    """Write nothing for a problem whose own reference fails its tests: passes would mean nothing there."""


class RepairSettings(Settings):
    """Diagnosis and repair of wrong programs, round by round."""

    rounds: int = Field(1, ge=0, le=10)
    """0 only judges. From round 2 on, only failures that no repair has mended yet get another one."""
    chain: Literal["two_calls", "one_reply", "direct"] = "two_calls"
    """two_calls: explain, then repair given the explanation. one_reply: both in one answer. direct: no explanation."""
    diagnoses: int = Field(1, ge=1, le=100)
    """Explanations per wrong program (two_calls only)."""
    repairs: int = Field(2, ge=1, le=1000)
    """Repairs per explanation, or per wrong program where the chain is one_reply or direct (LeDex: 10)."""
    diagnose_template: str | None = None
    """Default: `explain` for two_calls, `explain_and_repair` for one_reply; or a path to a .jinja file."""
    repair_template: str | None = None
    """Default: `repair` for two_calls, `direct` for direct; or a path to a .jinja file."""
    diagnose_sampling: Sampling = Sampling(temperature=0.8, max_tokens=512)
    """LeDex: T = 0.8."""
    repair_sampling: Sampling = Sampling(temperature=0.8, max_tokens=512)
    """LeDex: T = 0.8."""


class StrengthSettings(Settings):
    """How well the problems' own tests tell wrong programs from right ones."""

    mutants: int = Field(0, ge=0, le=1000)
    """Wrong versions of each problem's reference to judge by its tests (view test_strength); 0 measures nothing."""


class WriteSettings(Settings):
    """How often a stage commits; what kill -9 can cost at most."""

    batch_rows: int = Field(64, ge=1)
    """Rows per commit."""
    batch_s: float = Field(10.0, gt=0)
    """Seconds after which a smaller batch is committed too."""


class TestsSettings(Settings):
    """Tests that the model writes (CodeDPO)."""

    samples: int = Field(5, ge=1, le=1000)
    """Answers per problem; each holds several tests. CodeDPO does not say how its 15 were asked for."""
    wanted: int = Field(15, ge=1, le=1000)
    """Tests per problem at most, equal ones taken once (CodeDPO: 15): the first of every answer, then the second ..."""
    template: str = "asserts"
    """`asserts`, or a path to a .jinja file."""
    sampling: Sampling = Sampling(temperature=1.5, max_tokens=512)
    """CodeDPO: T = 1.5; small models need less."""


class MatrixSettings(Settings):
    """Every program on every generated test."""

    limits: Limits = Limits(cpu_s=2.0, wall_s=20.0)
    """What one program may use on one test: a test that hangs leaves the others theirs."""


class ScoreSettings(Settings):
    """Which programs of a problem are the better ones."""

    scorers: tuple[Scorer, ...] = Field(
        ("self_validation", "passed_count", "pass_all", "random", "ground_truth"), min_length=1
    )
    """All that are stored side by side; `pairs.scorer` picks the one that pairs are made by."""
    damping: float = Field(0.85, gt=0, lt=1)
    """Of self-validation (CodeDPO: 0.85)."""
    rounds: int = Field(10, ge=1, le=10_000)
    """Of self-validation (CodeDPO: 10)."""


class TimeSettings(Settings):
    """How the speed of right programs is measured (CodeDPO's efficiency stage; the paper gives no constant)."""

    programs: int = Field(8, ge=2, le=1000)
    """Programs of one problem at most: the best scored, no two alike."""
    inputs: int = Field(2, ge=1, le=100)
    """Trusted tests whose inputs are made larger."""
    repeats: int = Field(7, ge=3, le=1000)
    """Runs of every program on every input, each in a fresh process and on fresh values, candidates interleaved."""
    least_ms: float = Field(20.0, gt=0)
    """Inputs grow until the slowest program takes this much CPU time, which stands well above the noise of a start."""
    largest: int = Field(1 << 20, ge=1)
    """Growth stops at this many times the test's own size, and at calls of a million characters; where the slowest
    program is still too fast, none are compared."""
    confidence: float = Field(0.99, gt=0.5, lt=1)
    """That no interval of a problem's ratios misses its ratio (bootstrap, Bonferroni over the problem's pairs)."""
    least_ratio: float = Field(1.2, gt=1)
    """What a pair's interval must stay above, on every input, import counted or not: faster by less is no lesson."""
    limits: Limits = Limits(cpu_s=5.0, wall_s=60.0)
    """What one run may use."""


class MineSettings(Settings):
    """Tasks made from open-source code (CodeDPO's first step; seeds, concepts, then tasks, as SelfCodeAlign does)."""

    function_lines: tuple[int, int] = (4, 60)
    """Shortest and longest function that is taken, docstring not counted."""
    class_lines: tuple[int, int] = (8, 80)
    """Shortest and longest class that is taken, docstring not counted."""
    least_size: int = Field(5, ge=1)
    """Statements and decisions (branches, loops, handlers) together, below which code is too trivial to teach."""
    similarity: float = Field(0.8, gt=0, le=1)
    """Jaccard similarity of token runs from which of two seeds, or two tasks, one is left out."""
    concepts_template: str = "concepts"
    """`concepts`, or a path to a .jinja file."""
    task_template: str = "task"
    """`task`, or a path to a .jinja file."""
    tasks: int = Field(1, ge=1, le=100)
    """Tasks per seed."""
    concepts_sampling: Sampling = Sampling(temperature=0.7, max_tokens=96)
    """How concepts are sampled; the paper does not say."""
    task_sampling: Sampling = Sampling(temperature=0.7, max_tokens=256)
    """How tasks are sampled; the paper does not say."""
