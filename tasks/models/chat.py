"""The words of OpenAI's chat completions: what we send, and what we make of an answer. No network here."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tasks.models.protocol import Completion, FinishReason, Message, Prompt, Sampling

CONTROL = (Message("user", "Say ok."),)
FINISH: dict[object, FinishReason] = {"stop": "stop", "length": "length"}
VLLM_NEUTRAL = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}


@dataclass(frozen=True)
class Request:
    """Some samples of one prompt, asked for together; with a seed, exactly one."""

    key: str
    messages: tuple[Message, ...]
    sample_indices: tuple[int, ...]
    sampling: Sampling
    seed: int | None

    @property
    def n(self) -> int:
        """How many samples."""
        return len(self.sample_indices)


class BadAnswerError(Exception):
    """A 200 whose body is not a chat completion; tried again like a 500."""


def split(prompts: Iterable[Prompt], sampling: Sampling, seeds: bool, at_most: int) -> Iterator[Request]:
    """Requests of at most `at_most` samples; of one sample each where a seed is to be sent."""
    seed = sampling.seed if seeds else None
    step = at_most if seed is None else 1
    for prompt in prompts:
        for at in range(0, len(prompt.sample_indices), step):
            indices = prompt.sample_indices[at : at + step]
            yield Request(prompt.key, prompt.messages, indices, sampling, None if seed is None else seed + indices[0])


def body(request: Request, name: str, vllm: bool, messages: tuple[Message, ...] | None = None) -> dict[str, Any]:
    """The JSON to post; `messages` takes the place of the request's own."""
    sampling = request.sampling
    turns = request.messages if messages is None else messages
    sent: dict[str, Any] = {
        "model": name,
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
    }
    if sampling.stop:
        sent["stop"] = list(sampling.stop)
    if request.n > 1:
        sent["n"] = request.n
    if request.seed is not None:
        sent["seed"] = request.seed
    return sent | VLLM_NEUTRAL if vllm else sent


def read(request: Request, answer: Any) -> list[Completion]:
    """Completions of one answer, for the first of `sample_indices`; fewer than asked for where a server ignores `n`.

    A server reports the tokens of all samples together: they are shared out by length of text, so that their sum
    stays exact and each is an estimate. `prompt_tokens` is the prompt's length and stands in every sample's row.
    Lone surrogates, which JSON can carry and UTF-8 can't, become U+FFFD.

    Raises:
        BadAnswerError: no choices, too many, or a choice without a message.
    """
    try:
        choices = sorted(answer["choices"], key=lambda choice: choice.get("index", 0))
        texts = [choice["message"].get("content") or "" for choice in choices]
        usage = answer.get("usage") or {}
        total, prompt = int(usage.get("completion_tokens") or 0), int(usage.get("prompt_tokens") or 0)
        ends = [FINISH.get(choice.get("finish_reason"), "other") for choice in choices]
        texts = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadAnswerError(f"not a chat completion ({type(error).__name__}: {error}): {str(answer)[:200]}") from None
    if not 1 <= len(texts) <= request.n:
        raise BadAnswerError(f"{request.n} samples asked for, {len(texts)} came")
    tokens = shares(total, [len(text) for text in texts])
    return [
        Completion(request.key, index, text, end, prompt, count)
        for index, text, end, count in zip(request.sample_indices, texts, ends, tokens, strict=False)
    ]


def refused(request: Request) -> list[Completion]:
    """What a prompt that the server will not take (longer than its context) gets: empty text, reason "other"."""
    return [Completion(request.key, index, "", "other", 0, 0) for index in request.sample_indices]


def shares(total: int, weights: list[int]) -> list[int]:
    """Whole parts of `total` in proportion to `weights` + 1; they sum to `total`."""
    whole = sum(weights) + len(weights)
    parts, done, given = [], 0, 0
    for weight in weights:
        done += weight + 1
        parts.append(total * done // whole - given)
        given += parts[-1]
    return parts
