"""The JSON of requests to OpenAI's chat completions. No network; tasks/models/replies.py reads the answers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from tasks.models.protocol import Message, Prompt, Sampling
from tasks.models.settings import OpenAISettings

CONTROL_WORDS = "Say ok."
"""A turn that every server accepts unless the sampling, the roles or the model's settings are wrong."""
VLLM_NEUTRAL = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
"""Values that switch off vLLM's own sampling extensions."""


@dataclass(frozen=True)
class Request:
    """Some samples of one prompt that are asked for together; with a seed, exactly one sample."""

    key: str
    messages: tuple[Message, ...]
    sample_indices: tuple[int, ...]
    sampling: Sampling
    seed: int | None

    @property
    def n(self) -> int:
        """Number of samples."""
        return len(self.sample_indices)

    @property
    def form(self) -> tuple[object, ...]:
        """Everything but the words: a server that accepts one request of a form accepts all but their prompts."""
        return self.sampling, tuple(turn.role for turn in self.messages), self.n > 1, self.seed is not None

    def cut(self, start: int, stop: int | None = None) -> "Request":
        """Return the request for some of the samples, by their places."""
        return replace(self, sample_indices=self.sample_indices[start:stop])


def split_prompts(
    prompts: Iterable[Prompt], sampling: Sampling, send_seed: bool, max_samples: int
) -> Iterator[Request]:
    """Yield requests of at most `max_samples` samples each, in the order of the prompts.

    Where a seed is sent, each request asks for one sample, and its seed is the sampling's plus the sample index.
    """
    seed = sampling.seed if send_seed else None
    step = max_samples if seed is None else 1
    for prompt in prompts:
        for start in range(0, len(prompt.sample_indices), step):
            indices = prompt.sample_indices[start : start + step]
            request_seed = None if seed is None else seed + indices[0]
            yield Request(prompt.key, prompt.messages, indices, sampling, request_seed)


def build_control(request: Request) -> Request:
    """Return the same request with harmless words in every turn: a server that refuses it refuses the settings."""
    return replace(request, messages=tuple(Message(turn.role, CONTROL_WORDS) for turn in request.messages))


def build_body(request: Request, settings: OpenAISettings) -> dict[str, object]:
    """Return the JSON object to post; a null of `extra_body` takes a field away."""
    sampling = request.sampling
    body: dict[str, object] = {
        "model": settings.name,
        "messages": build_turns(request.messages, settings),
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        settings.token_limit: sampling.max_tokens,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.n > 1:
        body["n"] = request.n
    if request.seed is not None:
        body["seed"] = request.seed
    if settings.server == "vllm":
        body |= VLLM_NEUTRAL
    return {name: value for name, value in (body | settings.extra_body).items() if value is not None}


def build_turns(messages: Iterable[Message], settings: OpenAISettings) -> list[dict[str, str]]:
    """Return the turns as the server takes them: `system_role: user` puts a system turn before the user turn's text."""
    turns: list[dict[str, str]] = []
    merged: list[str] = []
    for turn in messages:
        if turn.role == "system" and settings.system_role == "user":
            merged.append(turn.content)
        elif turn.role == "user":
            turns.append({"role": "user", "content": "\n\n".join([*merged, turn.content])})
            merged = []
        else:
            turns.append(
                {"role": settings.system_role if turn.role == "system" else turn.role, "content": turn.content}
            )
    return [*turns, {"role": "user", "content": "\n\n".join(merged)}] if merged else turns
