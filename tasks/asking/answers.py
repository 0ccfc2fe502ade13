"""Extract a program or an explanation from a model's answer, or the reason why there is none. No code is run."""

import ast
import re
import warnings
from dataclasses import dataclass

from tasks.models.protocol import FinishReason

MAX_CODE_CHARS = 100_000
# May open behind words; closes at its own indentation, so that a fence within a docstring does not end the program.
_FENCE = re.compile(
    r"(?:^|(?<=[:.,] ))([ \t]*)(`{3,}|~{3,})[ \t]*([\w+-]*)[^\n]*\n(.*?)(?:^\1\2[ \t]*$|\Z)", re.MULTILINE | re.DOTALL
)
_PYTHON = {"", "python", "py", "python3", "Python"}


@dataclass(frozen=True)
class Extracted:
    """The part of an answer that a stage wants: either `text`, or the `reason` why there is none."""

    text: str | None
    reason: str | None = None


def extract_code(completion: str, finish: FinishReason, entry_point: str | None) -> Extracted:
    """Extract the program of an answer: the last Python block that defines the entry point, else the longest block.

    An answer without a fence counts as code when it parses and does more than name things.
    Reasons: empty, truncated, no_code_block, other_language, too_long.
    """
    if not completion.strip():
        return Extracted(None, "empty")
    blocks = [
        (m[3], m[4], m.end() == len(completion) and not m[0].rstrip().endswith(m[2]))
        for m in _FENCE.finditer(completion)
    ]
    python = [(code, cut) for language, code, cut in blocks if language in _PYTHON and code.strip()]
    if not blocks:
        if finish == "length" and not _is_program(completion):
            return Extracted(None, "truncated")
        return _checked_length(completion) if _is_program(completion) else Extracted(None, "no_code_block")
    if not python:
        return Extracted(None, "other_language")
    whole = [code for code, cut in python if not cut or finish != "length"]
    if not whole:
        return Extracted(None, "truncated")
    defining = [code for code in whole if entry_point and _defines_name(code, entry_point.split(".")[0])]
    return _checked_length(defining[-1] if defining else max(whole, key=len))


def extract_explanation(completion: str, finish: FinishReason) -> Extracted:
    """Extract the words of an answer before its first code block, without headings and labels.

    Of an answer that reached the token limit, the complete sentences are kept.
    Reasons: empty, truncated (no complete sentence), no_explanation (only code, or fewer than five words).
    """
    if not completion.strip():
        return Extracted(None, "empty")
    fence = _FENCE.search(completion)
    words = completion[: fence.start()] if fence else completion
    words = re.sub(
        r"^\s*(?:#+\s*|\*\*)?(?:explanation|diagnosis)\s*:?\s*(?:\*\*)?\s*:?\s*", "", words, flags=re.IGNORECASE
    )
    words = re.sub(
        r"\n[^\n]*(?:code|program|version|solution|function)[^\n]*:\s*$", "", words.rstrip(), flags=re.IGNORECASE
    )
    if len(words.split()) < 5:
        return Extracted(None, "no_explanation")
    if finish == "length" and fence is None:
        end = max((m.end() for m in re.finditer(r"[.!?](?=\s)", words)), default=0)
        if len(words[:end].split()) < 5:
            return Extracted(None, "truncated")
        words = words[:end]
    return Extracted(words.strip())


def _checked_length(code: str) -> Extracted:
    if len(code) > MAX_CODE_CHARS:
        return Extracted(None, "too_long")
    return Extracted(code.strip("\n") + "\n")


def _defines_name(code: str, name: str) -> bool:
    return (
        re.search(rf"^\s*(?:async\s+)?(?:def|class)\s+{re.escape(name)}\b|^{re.escape(name)}\s*=", code, re.MULTILINE)
        is not None
    )


def _is_program(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # prose and odd literals warn as they parse
            body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return any(not isinstance(node, ast.Expr) or isinstance(node.value, ast.Call) for node in body)
