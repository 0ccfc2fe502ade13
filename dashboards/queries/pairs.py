"""Queries about scores, pairs and timings."""

from typing import TypedDict

from dashboards.queries import PageQuery
from storage.rows import MessageCell, PairVerdictCell


class ScoreBin(TypedDict):
    """Programs whose score by one scorer lies in one twentieth of its range."""

    scorer: str
    bin: int
    programs: int
    known: int
    right_programs: int


class TruthBin(TypedDict):
    """Programs by their score and by the share of the problem's own tests that they pass."""

    bin: int
    truth_bin: int
    programs: int


class ScoreChange(TypedDict):
    """How far one scorer's values moved in one round."""

    scorer: str
    round: int
    mean_change: float
    largest_change: float


class PairMatch(TypedDict):
    """A pair in a list of pairs; `ratio` is null for pairs by correctness."""

    example_id: str
    problem_id: str
    bucket: int
    source: str
    source_id: str
    scorer: str
    gap: float
    ratio: float | None
    chosen_passes: bool | None
    rejected_passes: bool | None
    chosen_attempt_id: str
    rejected_attempt_id: str


class PairDetail(TypedDict):
    """One pair in full."""

    example_id: str
    prompt: list[MessageCell]
    chosen_code: str
    rejected_code: str
    chosen_score: float
    rejected_score: float
    verdicts: list[PairVerdictCell]
    token_distance: float
    model: str
    chosen_passes: bool | None
    rejected_passes: bool | None
    ratio: float | None
    ratio_low: float | None
    ratio_high: float | None


class SpeedPair(TypedDict):
    """A pair of a faster and a slower program, with the bounds of the ratio of their times."""

    source: str
    source_id: str
    ratio: float
    ratio_low: float
    ratio_high: float
    model: str
    chosen_passes: bool | None
    rejected_passes: bool | None
    example_id: str
    problem_id: str
    bucket: int
    chosen_attempt_id: str
    rejected_attempt_id: str


class RatioBin(TypedDict):
    """Pairs whose ratio lies in one quarter of an octave."""

    source: str
    octaves: float
    pairs: int


class PairTiming(TypedDict):
    """One measurement of one of two programs."""

    input_id: str
    scale: float
    example: str
    repeat: int
    attempt_id: str
    cpu_ms: float
    import_ms: float
    carry_ms: float
    verdict: str
    agreed: bool


class SpeedBin(TypedDict):
    """Programs on inputs whose median CPU time lies in one half of a decade."""

    decades: float
    agreed: bool
    measurements: int


SCORE_BINS = PageQuery("score_bins", ScoreBin)
SCORE_TRUTH = PageQuery("score_truth", TruthBin)
CONVERGENCE = PageQuery("convergence", ScoreChange)
RANKINGS = PageQuery("rankings", dict[str, object])
PAIR_RATES = PageQuery("pair_rates", dict[str, object])
KTO_RATES = PageQuery("kto_rates", dict[str, object])
PAIR_LIST = PageQuery("pair_list", PairMatch)
PAIR = PageQuery("pair", PairDetail)
FASTEST = PageQuery("fastest", SpeedPair)
RATIOS = PageQuery("ratios", RatioBin)
PAIR_TIMINGS = PageQuery("pair_timings", PairTiming)
SPEEDS = PageQuery("speeds", SpeedBin)
NOISE = PageQuery("noise", dict[str, object])
INPUTS = PageQuery("inputs", dict[str, object])
