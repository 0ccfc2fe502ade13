"""The protocol of a language model: prompts in, completions out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import Field

from storage.settings import Settings
from tasks.models.stats import Stats

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "other"]


class Sampling(Settings):
    """Sampling values of a completion; part of a row's id, so a change of any value makes new rows."""

    temperature: float = Field(1.0, ge=0, le=5)
    """Softens the distribution of the next token; 0 always takes the likeliest one."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Draw among the likeliest tokens that together hold this probability."""
    max_tokens: int = Field(512, ge=1)
    """Tokens of the longest answer; one that is cut there has finish reason `length`."""
    stop: tuple[str, ...] = ()
    """The answer ends before any of these."""
    seed: int | None = Field(None, ge=0)
    """Sent as seed + sample index where `send_seed` allows it; null by default: vLLM's CPU engine crashes on seeds."""


@dataclass(frozen=True)
class Message:
    """One turn of a chat."""

    role: Role
    content: str


@dataclass(frozen=True)
class Prompt:
    """One chat and the sample indices to draw for it; samples of one prompt share its prefill."""

    key: str
    """The caller's own name for the prompt; every completion carries it."""
    messages: tuple[Message, ...]
    sample_indices: tuple[int, ...]


@dataclass(frozen=True)
class Completion:
    """One answer and its cost in tokens."""

    key: str
    """The key of its prompt."""
    sample_index: int
    text: str
    """The answer as the model wrote it; "" where the server refused the prompt."""
    finish_reason: FinishReason
    """`other` also where the server refused the prompt."""
    prompt_tokens: int
    """Tokens of the prompt, the same for all of its samples."""
    completion_tokens: int
    """Tokens of the answer; an estimate where several samples came in one response."""


class Model(Protocol):
    """A language model: a vLLM server, OpenAI-compatible servers, recorded answers, or a recorder around these."""

    @property
    def name(self) -> str:
        """The model's name as rows keep it (its hub name), whatever path it was loaded from."""
        ...

    @property
    def revision(self) -> str:
        """Commit or hash of the weights, "" where unknown; part of a row's id, beside the name."""
        ...

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Completion]:
        """Yield one completion per prompt and sample index, in order of arrival, with many requests in flight.

        Several threads may call it at the same time.

        Raises:
            ModelError: a server stays unreachable after all retries, or a recording has no answer.
        """
        ...

    def stats(self) -> Stats:
        """Return the counters of the requests so far."""
        ...

    def close(self) -> None:
        """Stop everything that this object started, and nothing that was already running."""
        ...
