"""Queries about all programs: counts, states of problems, runs, tokens, pass@k."""

from datetime import datetime
from typing import TypedDict

from dashboards.queries import PageQuery


class ProgramCount(TypedDict):
    """Programs of one source, model, kind, round and verdict."""

    source: str
    model: str
    kind: str
    round: int
    verdict: str
    attempts: int
    with_code: int
    tampered: int
    flaky: int


class ExplanationCount(TypedDict):
    """Diagnoses that one model wrote for one source."""

    source: str
    model: str
    diagnoses: int
    explained: int


class ExampleCount(TypedDict):
    """Examples of one dataset, form, source and model."""

    dataset: str
    form: str
    source: str
    model: str
    examples: int


class StateCount(TypedDict):
    """Problems of one source by the best program that they have."""

    source: str
    state: str
    problems: int


class RunSummary(TypedDict):
    """The programs of one model that one run was the last to judge."""

    started: datetime
    model: str
    judged: int
    first_attempts: int
    right_at_once: int
    repairs: int
    verified_repairs: int
    infra: int
    tampered: int
    flaky: int
    cpu_hours: float
    run_id: str


class TokenCount(TypedDict):
    """Tokens of one step and model."""

    step: str
    model: str
    answers: int
    prompt_tokens: int
    completion_tokens: int


class PassAtK(TypedDict):
    """pass@k of one source and recipe, for one k, after one round of repair."""

    source: str
    model: str
    recipe_id: str
    round: int
    k: int
    problems: int
    pass_at_k: float
    standard_error: float


class RecipeSummary(TypedDict):
    """How first attempts were sampled."""

    recipe_id: str
    model: str
    template: str
    sampling: str
    model_revision: str


ANY_PROBLEM = PageQuery("any_problem", dict[str, object])
COUNTS = PageQuery("counts", ProgramCount)
EXPLAINED = PageQuery("explained", ExplanationCount)
EXAMPLES = PageQuery("examples", ExampleCount)
PROBLEM_STATES = PageQuery("problem_states", StateCount)
FLAGGED = PageQuery("flagged", dict[str, object])
RUNS = PageQuery("runs", RunSummary)
TOKENS = PageQuery("tokens", TokenCount)
PASS_AT_K = PageQuery("pass_at_k", PassAtK)
RECIPES = PageQuery("recipes", RecipeSummary)
