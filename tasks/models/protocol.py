"""The protocol of a language model: prompts in, completions out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

from pydantic import Field

from storage.settings import Settings
from tasks.models.stats import Stats

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "other"]
Status = Literal["refused", "failed"]


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
    """The answer as the model wrote it."""
    finish_reason: FinishReason
    prompt_tokens: int
    """Tokens of the prompt, the same for all of its samples."""
    completion_tokens: int
    """Tokens of the answer; an estimate where several samples came in one response."""
    reasoning: str | None = None
    """What the model thought before it answered, where the server hands it over beside the answer."""


@dataclass(frozen=True)
class Unanswered:
    """One sample that the server did not answer although it answers others: no answer, and no fault of the run's."""

    key: str
    """The key of its prompt."""
    sample_index: int
    status: Status
    """`refused`: the server will not answer (content filter, context too short). `failed`: every attempt went wrong."""
    words: str
    """The server's own words, or what was wrong with its last response; one line."""


Reply = Completion | Unanswered


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

    def complete(self, prompts: Iterable[Prompt], sampling: Sampling) -> Iterator[Reply]:
        """Yield one reply per prompt and sample index, in order of arrival, with many requests in flight.

        Several threads may call it at the same time.

        Raises:
            ModelError: a server stays unreachable after all retries or lets nothing through, or a recording has no
                answer.
            ConfigError: the server refuses every prompt that is asked for with these settings.
        """
        ...

    def stats(self) -> Stats:
        """Return the counters of the requests so far."""
        ...

    def close(self) -> None:
        """Stop everything that this object started, and nothing that was already running."""
        ...
