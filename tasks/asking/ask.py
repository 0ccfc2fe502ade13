"""Ask a model and write a row per answer: the part that all stages with a model share."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, TypeVar

from storage.columns import Table
from storage.lake import Lake
from storage.rows import ModelColumns
from storage.schemas import Row
from tasks.asking.recipes import Recipe
from tasks.models.protocol import Completion, Prompt
from tasks.models.settings import ModelSettings
from tasks.running import progress
from tasks.running.commits import commit_stream
from tasks.running.effects import model_for

R = TypeVar("R")


@dataclass(frozen=True)
class Question(Generic[R]):
    """A pending row and the prompt that asks for what it lacks."""

    row: R
    prompt: Prompt


def ask_model(
    lake: Lake,
    model: ModelSettings,
    recipe: Recipe,
    questions: Iterable[Question[R]],
    table: Table,
    rows_of: Callable[[R, Completion, ModelColumns, datetime], Sequence[Row]],
    stage: str,
) -> int:
    """Send every prompt to the model and write the rows of each answer; return how many rows.

    Args:
        rows_of: makes the rows of one answer from its pending row, the answer, the columns that say how it was asked
            for, and the time.
        stage: name under which each answer counts as progress.

    Raises:
        ModelError: the model cannot be reached. Rows committed until then stay.
    """
    by_key = {question.prompt.key: question for question in questions}
    prompts = [question.prompt for question in by_key.values()]
    progress.expect(stage, sum(len(prompt.sample_indices) for prompt in prompts))
    answers = model_for(model).complete(prompts, recipe.sampling) if prompts else ()
    return write_answers(lake, recipe, by_key.values(), answers, table, rows_of, stage)


def write_answers(
    lake: Lake,
    recipe: Recipe,
    questions: Iterable[Question[R]],
    answers: Iterable[Completion],
    table: Table,
    rows_of: Callable[[R, Completion, ModelColumns, datetime], Sequence[Row]],
    stage: str,
) -> int:
    """Write the rows of answers as they arrive; see ask_model."""
    by_key = {question.prompt.key: question for question in questions}

    def rows_of_answer(answer: Completion) -> Sequence[Row]:
        question = by_key[answer.key]
        return rows_of(question.row, answer, recipe.columns(question.prompt.messages, answer), datetime.now(UTC))

    return commit_stream(lake, table, map(rows_of_answer, answers), stage)


def missing_indices(wanted: int, present: Sequence[int]) -> tuple[int, ...]:
    """Return the sample indices below `wanted` that are not present."""
    return tuple(sorted(set(range(wanted)) - set(present)))
