"""Ask a model and write a row per answer: the part that all stages with a model share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from storage.columns import Table
from storage.lake import Lake
from storage.rows import ModelColumns, UnansweredRequestRow
from storage.schemas import Row
from storage.tables import UNANSWERED_REQUESTS
from tasks.asking.recipes import Recipe
from tasks.asking.thinking import split_thinking
from tasks.models.protocol import Completion, Prompt, Reply, Unanswered
from tasks.models.settings import ModelSettings
from tasks.running import progress
from tasks.running.commits import commit_stream
from tasks.running.effects import model_for

R = TypeVar("R", bound=Mapping[str, Any])


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

    A sample that the server refused or failed to give is no answer: it becomes a row of UNANSWERED_REQUESTS, and stays
    pending for the next run.

    Args:
        rows_of: makes the rows of one answer from its pending row, the answer, the columns that say how it was asked
            for, and the time.
        stage: name under which each answer counts as progress.

    Raises:
        ModelError: the model cannot be reached, or answers nothing. Rows committed until then stay.
        ConfigError: its server refuses the settings.
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
    answers: Iterable[Reply],
    table: Table,
    rows_of: Callable[[R, Completion, ModelColumns, datetime], Sequence[Row]],
    stage: str,
) -> int:
    """Write the rows of answers as they arrive; see ask_model."""
    by_key = {question.prompt.key: question for question in questions}
    unanswered: list[UnansweredRequestRow] = []

    def rows_of_answers() -> Iterator[Sequence[Row]]:
        for answer in answers:
            question, now = by_key[answer.key], datetime.now(UTC)
            if isinstance(answer, Completion):
                answer = separate_thinking(answer)
                yield rows_of(question.row, answer, recipe.columns(question.prompt.messages, answer), now)
                continue
            unanswered.append(_unanswered_row(question.row, answer, recipe, stage, now))
            progress.advance(stage, 1)
            if len(unanswered) == lake.settings.commit_rows:
                lake.upsert(UNANSWERED_REQUESTS, unanswered)
                unanswered.clear()

    try:
        return commit_stream(lake, table, rows_of_answers(), stage)
    finally:
        lake.upsert(UNANSWERED_REQUESTS, unanswered)


def separate_thinking(completion: Completion) -> Completion:
    """Return a completion whose text is the answer alone; thinking within it is moved to `reasoning`."""
    text, thinking = split_thinking(completion.text)
    if thinking is None:
        return completion
    reasoning = "\n\n".join(filter(None, (completion.reasoning, thinking)))
    return replace(completion, text=text, reasoning=reasoning)


def _unanswered_row(
    row: Mapping[str, Any], reply: Unanswered, recipe: Recipe, stage: str, now: datetime
) -> UnansweredRequestRow:
    return {
        "stage": stage,
        "subject_id": reply.key,
        "problem_id": row.get("problem_id"),
        "bucket": row["bucket"],
        "round": row.get("round", 0),
        "recipe_id": recipe.recipe_id,
        "sample_index": reply.sample_index,
        "model": recipe.model,
        "status": reply.status,
        "words": reply.words,
        "created_at": now,
    }


def missing_indices(wanted: int, present: Sequence[int]) -> tuple[int, ...]:
    """Return the sample indices below `wanted` that are not present."""
    return tuple(sorted(set(range(wanted)) - set(present)))
