"""The JSON of OpenAI's chat completions: requests are built and answers are read here. No network."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from tasks.models.protocol import Completion, FinishReason, Message, Prompt, Sampling

CONTROL_MESSAGES = (Message("user", "Say ok."),)
"""A chat that every server accepts unless the sampling or the model's settings are wrong."""
FINISH_REASONS: dict[object, FinishReason] = {"stop": "stop", "length": "length"}
"""Finish reasons that are kept; all others become `other`."""
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


class BadAnswerError(Exception):
    """The body of an answer with status 200 is not a chat completion; retried like a status 500."""


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


def build_body(
    request: Request, model: str, vllm: bool, messages: tuple[Message, ...] | None = None
) -> dict[str, object]:
    """Return the JSON object to post.

    Args:
        request: the samples to ask for.
        model: the model's name as the server knows it.
        vllm: whether the server is vLLM, which also gets VLLM_NEUTRAL.
        messages: a chat that replaces the request's own.
    """
    sampling = request.sampling
    turns = request.messages if messages is None else messages
    body: dict[str, object] = {
        "model": model,
        "messages": [{"role": turn.role, "content": turn.content} for turn in turns],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": sampling.max_tokens,
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.n > 1:
        body["n"] = request.n
    if request.seed is not None:
        body["seed"] = request.seed
    return body | VLLM_NEUTRAL if vllm else body


def read_completions(request: Request, answer: object) -> list[Completion]:
    """Return the completions of one answer, for the first of the request's sample indices.

    A server that ignores `n` gives fewer than were asked for. A server reports the tokens of all samples together.
    They are split by length of text, so that their sum is exact and each is an estimate. `prompt_tokens` is the
    prompt's length, the same for every sample. Lone surrogates, which JSON can carry and UTF-8 can't, become U+FFFD.

    Raises:
        BadAnswerError: there is no choice, there are too many, or a choice has no message.
    """
    fields: Any = answer
    try:
        choices = sorted(fields["choices"], key=lambda choice: choice.get("index", 0))
        texts = [choice["message"].get("content") or "" for choice in choices]
        usage = fields.get("usage") or {}
        total, prompt_tokens = int(usage.get("completion_tokens") or 0), int(usage.get("prompt_tokens") or 0)
        reasons = [FINISH_REASONS.get(choice.get("finish_reason"), "other") for choice in choices]
        texts = [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise BadAnswerError(f"not a chat completion ({type(error).__name__}: {error}): {str(answer)[:200]}") from None
    if not 1 <= len(texts) <= request.n:
        raise BadAnswerError(f"expected 1 to {request.n} samples, got {len(texts)}")
    tokens = split_tokens(total, [len(text) for text in texts])
    return [
        Completion(request.key, index, text, reason, prompt_tokens, count)
        for index, text, reason, count in zip(request.sample_indices, texts, reasons, tokens, strict=False)
    ]


def build_refusals(request: Request) -> list[Completion]:
    """Return an empty completion per sample, with finish reason `other`, for a prompt that the server refuses."""
    return [Completion(request.key, index, "", "other", 0, 0) for index in request.sample_indices]


def split_tokens(total: int, weights: list[int]) -> list[int]:
    """Split `total` into whole parts in proportion to `weights` + 1; the parts sum to `total`."""
    weight_sum = sum(weights) + len(weights)
    parts, weight_so_far, assigned = [], 0, 0
    for weight in weights:
        weight_so_far += weight + 1
        parts.append(total * weight_so_far // weight_sum - assigned)
        assigned += parts[-1]
    return parts
