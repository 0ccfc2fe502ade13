"""What a stage may ask of a language model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import Field

from storage.settings import Settings
from tasks.models.stats import Stats

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "other"]


class Sampling(Settings):
    """How completions are drawn; part of a row's id, so a change of any value makes new rows."""

    temperature: float = Field(1.0, ge=0, le=5)
    """0 takes the likeliest token every time."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Draw among the likeliest tokens that together hold this probability."""
    max_tokens: int = Field(512, ge=1)
    """Longest answer; what is cut there has finish reason `length`."""
    stop: tuple[str, ...] = ()
    """The answer ends before any of these."""
    seed: int | None = Field(None, ge=0)
    """Sent as seed + sample index where the server can take it; vLLM's CPU engine dies of seeds, so none by default."""


@dataclass(frozen=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True)
class Prompt:
    """One chat and the sample indices wanted for it; samples of one prompt share its prefill."""

    key: str
    """The caller's own name for it, handed back with every completion."""
    messages: tuple[Message, ...]
    sample_indices: tuple[int, ...]


@dataclass(frozen=True)
class Completion:
    """One answer, with what it cost."""

    key: str
    sample_index: int
    text: str
    finish_reason: FinishReason
    prompt_tokens: int
    completion_tokens: int


class Model(Protocol):
    """Vllm server of ours, OpenAI-compatible servers of others, recorded answers, or a recorder around one of these."""

    @property
    def name(self) -> str:
        """The model's name as rows keep it (hub name), whatever path it was loaded from."""
        ...

    @property
    def revision(self) -> str:
        """Commit, hash or "" where none is known; part of a row's id, beside the name."""
        ...

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        """Answer all prompts, many in flight, yielding in order of arrival; safe to call from several threads.

        Raises:
            ModelError: when a server stays unreachable after retries, or a recording has no answer.
        """
        ...

    def stats(self) -> Stats:
        """What has been asked and answered so far."""
        ...

    def close(self) -> None:
        """Stop what this object started; never what it found running."""
        ...
