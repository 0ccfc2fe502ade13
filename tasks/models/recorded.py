"""Answers from a file, and the recorder that writes it."""

import json
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.errors import ModelError
from storage.ids import content_id
from tasks.models.protocol import Completion, FinishReason, Message, Model, Prompt, Sampling
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
        pa.field("messages", pa.string(), nullable=False),  # for people; `key` already covers it
    ]
)
Row = dict[str, Any]
SAVE_EVERY = 256  # answers; a killed recording loses fewer than these


def turns(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """A chat as JSON carries it."""
    return [{"role": turn.role, "content": turn.content} for turn in messages]


def key_of(model: str, revision: str, prompt: Prompt, sampling: Sampling, sample_index: int) -> str:
    """Address of one answer: everything that it depends on, and not `prompt.key`, which is the caller's own."""
    return content_id(
        "completion",
        model=model,
        revision=revision,
        messages=turns(prompt.messages),
        sampling=sampling.model_dump(mode="json"),
        sample_index=sample_index,
    )


class RecordedModel:
    """Implements `Model` from a Parquet file; answers in the order asked."""

    def __init__(self, settings: RecordedSettings) -> None:
        self._settings = settings
        self._reading = threading.Lock()
        self._rows: dict[str, Row] | None = None

    @property
    def name(self) -> str:
        """Of the model that was recorded."""
        return self._settings.name

    @property
    def revision(self) -> str:
        """Of the model that was recorded."""
        return self._settings.revision

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        """See `Model.complete`; a missing answer is a ModelError that says how to record it."""
        for prompt in prompts:
            for index in prompt.sample_indices:
                row = self._read().get(key_of(self.name, self.revision, prompt, sampling, index))
                if row is None:
                    raise ModelError(self._miss(prompt, sampling, index))
                reason: FinishReason = row["finish_reason"]
                tokens = row["prompt_tokens"], row["completion_tokens"]
                yield Completion(prompt.key, index, row["text"], reason, *tokens)

    def stats(self) -> Stats:
        """Nothing: no model was asked."""
        return Stats()

    def close(self) -> None:
        """Nothing was started."""

    def _read(self) -> dict[str, Row]:
        with self._reading:
            if self._rows is None:
                path = self._settings.path
                if not path.exists():
                    raise ModelError(f"{path}: no such recording; make one with `patchmill record`")
                self._rows = {row["key"]: row for row in read(path)}
            return self._rows

    def _miss(self, prompt: Prompt, sampling: Sampling, index: int) -> str:
        asked = next((turn.content for turn in reversed(prompt.messages) if turn.role == "user"), "")
        head = " ".join(asked.split())[:120]
        return (
            f"{self._settings.path}: no answer of {self.name}@{self.revision} to {head!r}, sample {index}, "
            f"{sampling!r}; the prompt or the sampling changed since: run `patchmill record`"
        )


class Recorder:
    """Implements `Model` around another one and keeps its answers; `save` adds them to a file."""

    def __init__(self, model: Model, path: Path) -> None:
        self._model = model
        self._path = path
        self._adding = threading.Lock()
        self._rows: dict[str, Row] = {}

    @property
    def name(self) -> str:
        """Of the model within."""
        return self._model.name

    @property
    def revision(self) -> str:
        """Of the model within."""
        return self._model.revision

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        """Those of the model within; each is kept before it is handed on."""
        asked: dict[str, Prompt] = {}

        def noted() -> Iterator[Prompt]:
            for prompt in prompts:
                if asked.setdefault(prompt.key, prompt).messages != prompt.messages:
                    raise ValueError(f"two prompts of one call share the key {prompt.key!r}")
                yield prompt

        for one in self._model.complete(noted(), sampling):
            prompt = asked[one.key]
            key = key_of(self.name, self.revision, prompt, sampling, one.sample_index)
            row: Row = {
                "key": key,
                "sample_index": one.sample_index,
                "text": one.text,
                "finish_reason": one.finish_reason,
                "prompt_tokens": one.prompt_tokens,
                "completion_tokens": one.completion_tokens,
                "messages": json.dumps(turns(prompt.messages), ensure_ascii=False),
            }
            with self._adding:
                self._rows[key] = row
                due = len(self._rows) % SAVE_EVERY == 0
            if due:
                self.save()
            yield one

    def stats(self) -> Stats:
        """Of the model behind."""
        return self._model.stats()

    def save(self) -> int:
        """Merge with what the file holds (new answers win), all or nothing; returns the rows it now has."""
        with self._adding:
            rows = {row["key"]: row for row in read(self._path)} if self._path.exists() else {}
            rows |= self._rows
            write(self._path, rows.values())
            return len(rows)

    def close(self) -> None:
        """Save, and close the model within."""
        try:
            self.save()
        finally:
            self._model.close()


def read(path: Path) -> list[Row]:
    """Rows of a recording.

    Raises:
        ModelError: not a recording.
    """
    try:
        table = pq.read_table(path, schema=SCHEMA)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise ModelError(f"{path}: not a recording: {str(error)[:200]}; make one with `patchmill record`") from None
    rows: list[Row] = table.to_pylist()
    return rows


def write(path: Path, rows: Iterable[Row]) -> None:
    """Sorted by key, so that equal answers make equal bytes."""
    table = pa.Table.from_pylist(sorted(rows, key=lambda row: str(row["key"])), schema=SCHEMA)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    pq.write_table(table, partial, compression="zstd", compression_level=19)
    partial.replace(path)
