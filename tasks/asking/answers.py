"""Extract a program or an explanation from a model's answer, or the reason why there is none. No code is run."""

import re
from dataclasses import dataclass
from itertools import takewhile

from tasks.asking.blocks import Block, Piece, split_blocks
from tasks.asking.closings import parses
from tasks.asking.programs import choose_program, find_program
from tasks.asking.refusals import is_refusal
from tasks.asking.thinking import split_thinking, strip_tokens
from tasks.models.protocol import FinishReason

READER_VERSION = 2
"""Raised when the same answer may give another program, explanation or test; rows say which version read them."""
MAX_CODE_CHARS = 100_000


@dataclass(frozen=True)
class Extracted:
    """The part of an answer that a stage wants: either `text`, or the `reason` why there is none."""

    text: str | None
    reason: str | None = None


@dataclass(frozen=True)
class Answer:
    """An answer without what stands beside it."""

    text: str
    """Without thinking and tokens, with line ends of one character."""
    pieces: tuple[Piece, ...]
    """Its words and code blocks in their order."""
    no_answer: str | None
    """Reason why there is nothing to read: empty, truncated (cut before the answer), only_thinking; else None."""

    @property
    def blocks(self) -> list[Block]:
        """Its code blocks."""
        return [piece for piece in self.pieces if isinstance(piece, Block)]

    @property
    def words_before_code(self) -> str:
        """Its words up to the first code block."""
        return "".join(takewhile(lambda piece: isinstance(piece, str), self.pieces))  # type: ignore[arg-type]


def read_answer(completion: str, finish: FinishReason, reasoning: str | None = None) -> Answer:
    """Read a completion as words and code blocks; thinking that still stands in it is left out.

    Args:
        reasoning: what the model thought, where it does not stand in the completion.
    """
    text, thinking = split_thinking(completion)
    text = strip_tokens(re.sub(r"\r+\n|\r", "\n", text))
    if text.strip():
        return Answer(text, split_blocks(text), None)
    no_answer = "truncated" if finish == "length" else "only_thinking" if thinking or reasoning else "empty"
    return Answer("", (), no_answer)


def extract_code(
    completion: str, finish: FinishReason, entry_point: str | None, reasoning: str | None = None
) -> Extracted:
    """Extract the program of an answer: the last block that defines the entry point, with its helpers.

    An answer without a fence counts as code when it parses and does more than name things.
    Reasons: empty, only_thinking, truncated, refused, no_code_block, other_language, too_long.
    """
    answer = read_answer(completion, finish, reasoning)
    if answer.no_answer is not None:
        return Extracted(None, answer.no_answer)
    is_cut = finish == "length"
    if answer.blocks and not parses(answer.text):
        choice = choose_program(answer.pieces, is_cut, entry_point)
        if choice.reason == "other_language":  # the program may stand before blocks that hold its output
            words = find_program(answer.words_before_code, entry_point, is_cut=False)
            choice = choice if words.code is None else words
    else:
        choice = find_program(answer.text, entry_point, is_cut)
    if choice.code is None:
        return Extracted(None, "refused" if is_refusal(answer.text) else choice.reason)
    if len(choice.code) > MAX_CODE_CHARS:
        return Extracted(None, "too_long")
    return Extracted(choice.code.strip("\n") + "\n")


def extract_explanation(completion: str, finish: FinishReason, reasoning: str | None = None) -> Extracted:
    """Extract the words of an answer before its first code block, without headings and labels.

    Of an answer that reached the token limit, the complete sentences are kept.
    Reasons: empty, only_thinking, refused, truncated (no complete sentence), no_explanation (only code, or fewer than
    five words).
    """
    answer = read_answer(completion, finish, reasoning)
    if answer.no_answer is not None:
        return Extracted(None, answer.no_answer)
    words = answer.words_before_code
    if is_refusal(words):
        return Extracted(None, "refused")
    words = re.sub(
        r"^\s*(?:#+\s*|\*\*)?(?:explanation|diagnosis)\s*:?\s*(?:\*\*)?\s*:?\s*", "", words, flags=re.IGNORECASE
    )
    words = re.sub(
        r"\n[^\n]*(?:code|program|version|solution|function)[^\n]*:\s*$", "", words.rstrip(), flags=re.IGNORECASE
    )
    if len(words.split()) < 5:
        return Extracted(None, "no_explanation")
    if finish == "length" and not answer.blocks:
        end = max((m.end() for m in re.finditer(r"[.!?](?=\s)", words)), default=0)
        if len(words[:end].split()) < 5:
            return Extracted(None, "truncated")
        words = words[:end]
    return Extracted(words.strip())
