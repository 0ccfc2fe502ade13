"""Read the body of an answer of OpenAI's chat completions, in the shapes that servers send. No network."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tasks.models.chat import Request
from tasks.models.protocol import Completion, FinishReason, Reply, Unanswered

FINISH_REASONS: dict[str, FinishReason] = {
    "stop": "stop", "eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop",
    "length": "length", "max_tokens": "length", "model_length": "length", "max_output_tokens": "length",
}  # fmt: skip
"""Finish reasons that are kept, in lower case; all others become `other`."""
REFUSING = frozenset({"content_filter", "refusal", "safety", "recitation", "prohibited_content", "blocklist"})
"""Finish reasons of an answer that the server, or the company behind it, has stopped for what it says."""
THINKING = frozenset({"thinking", "reasoning", "reasoning_text", "summary_text"})
"""Types of parts that hold what a model thought before it answered."""
MOST_TOKENS = 2**31 - 1
WORDS_CHARS = 300
DEEPEST = 8  # levels of parts within parts


class BadAnswerError(Exception):
    """The server answered with an error of its own, or with a body that is no chat completion; retried."""


@dataclass
class _Content:
    """The strings of one answer by what they are."""

    text: str = ""
    thoughts: str = ""
    refusal: str = ""


def read_replies(request: Request, body: object) -> list[Reply]:
    """Return the replies of one answer, for the first of the request's sample indices.

    A server that ignores `n`, or gives a choice that cannot be read, gives fewer than were asked for; of a server that
    gives more, the first are taken. Content may be a list of parts. Choices are in the order of `index`, or as they
    came where that is no number. A server reports the tokens of all samples together. They are split by length of
    text, so that their sum is exact and each is an estimate. `prompt_tokens` is the prompt's length, the same for
    every sample. Lone surrogates, which JSON can carry and UTF-8 can't, become U+FFFD.

    Raises:
        BadAnswerError: there is no choice that can be read.
    """
    choices = body.get("choices") if isinstance(body, Mapping) else None
    if not isinstance(choices, list) or not choices:
        raise BadAnswerError(f"expected a chat completion with choices, got {one_line(body)}")
    usable: list[tuple[Mapping[object, object], _Content]] = []
    fault = ""
    for choice in _sort_choices(choices):
        try:
            usable.append((choice, _read_choice(choice)))
        except BadAnswerError as error:
            fault = str(error)
    if not usable:
        raise BadAnswerError(fault or f"expected choices with a message, got {one_line(choices)}")
    usable = usable[: request.n]
    usage = body.get("usage") if isinstance(body, Mapping) else None
    usage = usage if isinstance(usage, Mapping) else {}
    prompt_tokens = _count(usage.get("prompt_tokens"))
    weights = [len(content.text) + len(content.thoughts) for _, content in usable]
    tokens = split_tokens(_count(usage.get("completion_tokens")), weights)
    replies: list[Reply] = []
    for index, (choice, content), count in zip(request.sample_indices, usable, tokens, strict=False):
        reason = str(choice.get("finish_reason") or "")
        if content.refusal or reason.lower() in REFUSING:
            words = content.refusal or f"finish_reason {reason}" + (f": {content.text}" if content.text.strip() else "")
            replies.append(Unanswered(request.key, index, "refused", one_line(words)))
        else:
            finish = FINISH_REASONS.get(reason.lower(), "other")
            replies.append(
                Completion(
                    request.key, index, content.text, finish, prompt_tokens, count, reasoning=content.thoughts or None
                )
            )
    return replies


def read_error(body: object) -> tuple[str, str]:
    """Return code and words of the error in a body, each "" where there is none; any shape is accepted."""
    fields = body if isinstance(body, Mapping) else {}
    error = fields.get("error") or fields.get("detail") or (fields.get("message") if "choices" not in fields else None)
    if isinstance(error, list) and error:
        error = error[0]
    if not isinstance(error, Mapping):
        return "", one_line(error) if error else ""
    names = (error.get(name) for name in ("code", "type", "status"))
    code = next((str(name) for name in names if isinstance(name, str | int) and name), "")
    words = error.get("message") or error.get("msg") or error
    return code, one_line(words)


def one_line(value: object) -> str:
    """Return text, or the repr of anything else, as one line of at most WORDS_CHARS printable characters."""
    if not isinstance(value, str):
        try:
            value = repr(value)
        except (RecursionError, ValueError):  # nested too deeply, or a number of too many digits
            value = f"a {type(value).__name__} too large to show"
    words = " ".join(_clean(value[: 8 * WORDS_CHARS]).split())
    words = "".join(character if character.isprintable() else "\ufffd" for character in words)
    return words if len(words) <= WORDS_CHARS else words[: WORDS_CHARS - 3] + "..."


def split_tokens(total: int, weights: list[int]) -> list[int]:
    """Split `total` into whole parts in proportion to `weights` + 1; the parts sum to `total`."""
    weight_sum = sum(weights) + len(weights)
    parts, weight_so_far, assigned = [], 0, 0
    for weight in weights:
        weight_so_far += weight + 1
        parts.append(total * weight_so_far // weight_sum - assigned)
        assigned += parts[-1]
    return parts


def _sort_choices(choices: list[object]) -> list[Mapping[object, object]]:
    mappings = [choice for choice in choices if isinstance(choice, Mapping)]
    indices = [choice.get("index") for choice in mappings]
    if any(not isinstance(index, int) for index in indices):
        return mappings
    return sorted(mappings, key=lambda choice: choice["index"])


def _read_choice(choice: Mapping[object, object]) -> _Content:
    """Read text, thoughts and refusal of one choice.

    Raises:
        BadAnswerError: it has neither a message nor a text.
    """
    message, text = choice.get("message"), choice.get("text")
    if not isinstance(message, Mapping):
        if message is None and isinstance(text, str):
            return _Content(text=_clean(text))
        raise BadAnswerError(f"expected a choice with a message, got {one_line(choice)}")
    content = _Content()
    for kind, part in _read_parts(message.get("content"), DEEPEST):
        if kind == "text":
            content.text += part
        elif kind == "refusal":
            content.refusal += part
        else:
            content.thoughts += part
    if not content.text and choice.get("error"):
        raise BadAnswerError(read_error(choice)[1])
    for name in ("reasoning_content", "reasoning"):  # the same under two names, in vLLM for one
        thoughts = message.get(name)
        if isinstance(thoughts, str) and thoughts != content.thoughts:
            content.thoughts += thoughts
    refusal = message.get("refusal")
    if refusal:
        content.refusal += refusal if isinstance(refusal, str) else one_line(refusal)
    return _Content(_clean(content.text), _clean(content.thoughts), content.refusal)


def _read_parts(content: object, depth: int) -> Iterator[tuple[str, str]]:
    """Yield kind (text, thinking or refusal) and text of every part of a content."""
    if content is None or depth == 0:
        return
    if isinstance(content, str):
        yield "text", content
    elif isinstance(content, list):
        for part in content:
            yield from _read_parts(part, depth - 1)
    elif isinstance(content, Mapping):
        kind = content.get("type")
        if kind == "refusal":
            yield "refusal", str(content.get("refusal") or "refused")
        elif (isinstance(kind, str) and kind in THINKING) or content.get("thought") is True:
            for name in ("thinking", "reasoning", "summary", "text", "content"):
                yield from (("thinking", text) for _, text in _read_parts(content.get(name), depth - 1))
        else:
            for name in ("text", "value", "content", "parts"):
                yield from _read_parts(content.get(name), depth - 1)
    else:
        raise BadAnswerError(f"expected text or a list of parts as content, got {one_line(content)}")


def _count(value: object) -> int:
    """Return a number of tokens; 0 where a server gives none that makes sense."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 12:
        value = int(value)
    if isinstance(value, float) and math.isfinite(value):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return min(max(value, 0), MOST_TOKENS)


def _clean(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
