"""Answers from a file, and the recorder that writes it."""

import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import ModelError
from storage.ids import content_id
from tasks.models.protocol import Completion, FinishReason, Message, Model, Prompt, Reply, Sampling, Unanswered
from tasks.models.settings import RecordedSettings
from tasks.models.stats import Stats

SCHEMA = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("sample_index", pa.int32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("finish_reason", pa.string(), nullable=False),
        pa.field("prompt_tokens", pa.int32(), nullable=False),
        pa.field("completion_tokens", pa.int32(), nullable=False),
        pa.field("messages", pa.string(), nullable=False),
    ]
)
SAVE_EVERY = 256
"""Answers between two saves: a killed recorder loses fewer than these."""


class RecordedAnswer(TypedDict):
    """One row of a recording."""

    key: str
    sample_index: int
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int
    messages: str
    """The chat as JSON, for people: `key` covers it already."""


def list_turns(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """Return a chat as JSON carries it."""
    return [{"role": turn.role, "content": turn.content} for turn in messages]


def answer_key(model: str, revision: str, prompt: Prompt, sampling: Sampling, sample_index: int) -> str:
    """Return the content address of one answer: of everything that it depends on, and not of `prompt.key`."""
    return content_id(
        "completion",
        model=model,
        revision=revision,
        messages=list_turns(prompt.messages),
        sampling=sampling.model_dump(mode="json"),
        sample_index=sample_index,
    )


class RecordedModel:
    """A `Model` that answers from a Parquet file, in the order of the prompts."""

    def __init__(self, settings: RecordedSettings) -> None:
        self._settings = settings
        self._reading = threading.Lock()
        self._answers: dict[str, RecordedAnswer] | None = None

    @property
    def name(self) -> str:
        """Name of the recorded model."""
        return self._settings.name

    @property
    def revision(self) -> str:
        """Revision of the recorded model."""
        return self._settings.revision

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Reply]:
        """See `Model.complete`. A missing answer is a ModelError that says how to record it."""
        for prompt in prompts:
            for index in prompt.sample_indices:
                answer = self._load_answers().get(answer_key(self.name, self.revision, prompt, sampling, index))
                if answer is None:
                    raise ModelError(self._describe_miss(prompt, sampling, index))
                tokens = answer["prompt_tokens"], answer["completion_tokens"]
                yield Completion(prompt.key, index, answer["text"], answer["finish_reason"], *tokens)

    def stats(self) -> Stats:
        """Return counters of zero: no model is asked."""
        return Stats()

    def close(self) -> None:
        """Do nothing: nothing was started."""

    def _load_answers(self) -> dict[str, RecordedAnswer]:
        with self._reading:
            if self._answers is None:
                path = self._settings.path
                if not path.exists():
                    raise ModelError(f"{path}: no such recording; make one with `patchmill record`")
                self._answers = {answer["key"]: answer for answer in read_recording(path)}
            return self._answers

    def _describe_miss(self, prompt: Prompt, sampling: Sampling, index: int) -> str:
        question = next((turn.content for turn in reversed(prompt.messages) if turn.role == "user"), "")
        excerpt = " ".join(question.split())[:120]
        return (
            f"{self._settings.path}: no answer of {self.name}@{self.revision} to {excerpt!r}, sample {index}, "
            f"{sampling!r}; the prompt or the sampling changed since: run `patchmill record`"
        )


class Recorder:
    """A `Model` around another one that keeps its answers; `save` adds them to a file."""

    def __init__(self, model: Model, path: Path) -> None:
        self._model = model
        self._path = path
        self._adding = threading.Lock()
        self._answers: dict[str, RecordedAnswer] = {}

    @property
    def name(self) -> str:
        """Name of the inner model."""
        return self._model.name

    @property
    def revision(self) -> str:
        """Revision of the inner model."""
        return self._model.revision

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Reply]:
        """See `Model.complete`. Every answer is kept before it is yielded; a refusal is none.

        Raises:
            ValueError: two different prompts of one call share a key.
        """
        prompts_by_key: dict[str, Prompt] = {}

        def remember_prompts() -> Iterator[Prompt]:
            for prompt in prompts:
                if prompts_by_key.setdefault(prompt.key, prompt).messages != prompt.messages:
                    raise ValueError(f"two prompts of one call share the key {prompt.key!r}")
                yield prompt

        for completion in self._model.complete(remember_prompts(), sampling):
            if isinstance(completion, Unanswered):
                yield completion
                continue
            prompt = prompts_by_key[completion.key]
            key = answer_key(self.name, self.revision, prompt, sampling, completion.sample_index)
            answer: RecordedAnswer = {
                "key": key,
                "sample_index": completion.sample_index,
                "text": completion.text,
                "finish_reason": completion.finish_reason,
                "prompt_tokens": completion.prompt_tokens,
                "completion_tokens": completion.completion_tokens,
                "messages": json.dumps(list_turns(prompt.messages), ensure_ascii=False),
            }
            with self._adding:
                self._answers[key] = answer
                is_due = len(self._answers) % SAVE_EVERY == 0
            if is_due:
                self.save()
            yield completion

    def stats(self) -> Stats:
        """Return the counters of the inner model."""
        return self._model.stats()

    def save(self) -> int:
        """Merge the answers into the file, where new ones replace old ones; return how many it holds now."""
        with self._adding:
            answers = {answer["key"]: answer for answer in read_recording(self._path)} if self._path.exists() else {}
            answers |= self._answers
            write_recording(self._path, answers.values())
            return len(answers)

    def close(self) -> None:
        """Save, and close the inner model."""
        try:
            self.save()
        finally:
            self._model.close()


def read_recording(path: Path) -> list[RecordedAnswer]:
    """Read all answers of a recording.

    Raises:
        ModelError: the file is not a recording.
    """
    try:
        table = pq.read_table(path, schema=SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ModelError(f"{path}: not a recording: {str(error)[:200]}; make one with `patchmill record`") from None
    answers: list[RecordedAnswer] = table.to_pylist()
    return answers


def write_recording(path: Path, answers: Iterable[RecordedAnswer]) -> None:
    """Write a recording in one step, sorted by key, so that equal answers make equal bytes."""
    table = pa.Table.from_pylist(sorted(answers, key=lambda answer: answer["key"]), schema=SCHEMA)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    pq.write_table(table, partial, compression="zstd", compression_level=19)
    partial.replace(path)
