"""What lies in a model's answers: concepts, a task in words, or the reason there is none. Pure text, nothing is run."""

import builtins
import re
from collections.abc import Sequence

from tasks.asking.answers import Extracted
from tasks.mining.measures import shingles
from tasks.models.protocol import FinishReason

MAX_CONCEPTS = 8
CONCEPT_WORDS = 6
LEAST_WORDS, MOST_WORDS = 12, 200
COPIED = 12
"""Tokens in a row that a task may not share with the code it comes from."""

_FENCE = re.compile(r"^[ \t]*(?:`{3,}|~{3,})", re.MULTILINE)
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_LABEL = re.compile(
    r"^\s*(?:#+\s*)?(?:\*\*)?(?:programming )?"
    r"(?:concepts?|task|problem(?: statement)?|description|exercise|answer)(?:\*\*)?\s*:(?:\*\*)?\s*",
    re.IGNORECASE,
)
_REFUSAL = re.compile(r"\b(?:i'm sorry|i am sorry|i can(?:no|')t|as an ai|unable to assist)", re.IGNORECASE)
_CODE_LINE = re.compile(
    r"^\s*(?:@\w|(?:async )?def |class \w+[(:]|return |import |from \w+ import|(?:for|while) .+:$|\w+ = )", re.MULTILINE
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"'(*-])")
_EXAMPLE = re.compile(r"^\W*(?:for (?:example|instance)|e\.g\.|examples?:)", re.IGNORECASE)
_RESULT = re.compile(r"\b(?:returns?|returned|returning|results?|gives?|outputs?|produces?)\b", re.IGNORECASE)
_OUTSIDE = re.compile(
    r"\b(?:open|read|load|writ|sav|delet)\w*\b[^.]{0,30}\bfiles?\b|\bfile ?systems?\b|\bdownload|\bdatabase|\brandom"
    r"|\b(?:http|network|api) (?:request|call)|\bstandard (?:in|out)put|\buser input|\bcurrent (?:date|time)"
    r"|\bcommand line\b",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
_COMMON = frozenset({
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "each", "for", "from", "given", "has", "if", "in",
    "into", "is", "it", "its", "no", "not", "of", "on", "one", "or", "other", "that", "the", "their", "them", "then",
    "they", "this", "to", "two", "when", "where", "which", "with",
})  # fmt: skip


def concepts(answer: str, finish: FinishReason) -> Extracted:
    """Concepts, separated by commas, at least two and at most MAX_CONCEPTS, each once.

    An answer cut at its longest loses its last concept. Reasons: empty, refused, code, not_english, too_few.
    """
    if (bad := _unusable(answer)) is not None:
        return Extracted(None, bad)
    if _FENCE.search(answer) or _CODE_LINE.search(answer):
        return Extracted(None, "code")
    lines = [_BULLET.sub("", _LABEL.sub("", line)) for line in answer.strip().splitlines() if line.strip()]
    parts = [part for line in lines for part in line.split(",")]
    if finish == "length":
        parts = parts[:-1]
    found: dict[str, None] = {}
    for part in parts:
        phrase = " ".join(part.split()).strip(" .;:*`'\"").removeprefix("and ")
        if phrase and len(phrase.split()) <= CONCEPT_WORDS and re.search(r"[A-Za-z]{2}", phrase):
            found[phrase.lower() if phrase.istitle() else phrase] = None
    if any(not phrase.isascii() for phrase in found):
        return Extracted(None, "not_english")
    if len(found) < 2:
        return Extracted(None, "too_few")
    return Extracted(", ".join([*found][:MAX_CONCEPTS]))


def task(answer: str, finish: FinishReason, name: str, signature: str, code: str, package: str) -> Extracted:
    """A task in words, without headings, examples, the signature (it is added elsewhere) or what follows a code block.

    Of an answer that was cut at its longest, the whole sentences are kept.

    Args:
        name: of the function or class to be written.
        signature: as the model was shown it.
        code: of the seed, which the task must not repeat.
        package: that the seed comes from, which the task must not need.

    Reasons: empty, refused, code, truncated, too_short, too_long, repeats_itself, repeats_code, not_english,
    other_name (it asks for another function), names_package, needs_more (files, network, input, chance, the clock),
    no_result (it does not say what is returned).
    """
    if (bad := _unusable(answer)) is not None:
        return Extracted(None, bad)
    fence = _FENCE.search(answer)
    cut = finish == "length" and fence is None
    words = answer[: fence.start()] if fence else answer
    known = {line.strip() for line in signature.splitlines()}
    lines = [line for line in words.splitlines() if line.strip("`* ") not in known and not line.startswith("#")]
    text = _LABEL.sub("", "\n".join(lines).strip())
    if _CODE_LINE.search(text):
        return Extracted(None, "code")
    sentences = [s for paragraph in text.split("\n") for s in _SENTENCE.split(paragraph.strip()) if s]
    if cut:
        sentences = sentences[:-1]
    called = re.compile(rf"\b{re.escape(name)}\([^)]")
    kept = [s for s in sentences if not _EXAMPLE.match(s) and not called.search(s)]
    if len(kept) != len({s.lower() for s in kept}):
        return Extracted(None, "repeats_itself")
    text = " ".join(kept)
    if len(text.split()) < LEAST_WORDS:
        return Extracted(None, "truncated" if cut else "too_short")
    return _checked(text, {name, *re.findall(r"def (\w+)", signature)}, code, package)


def prompt(text: str, kind: str, signature: str) -> str:
    """The prompt of a problem: the task, and the signature on lines of its own."""
    return f"{text}\n\nThe {kind} has this signature:\n\n{signature}"


def prompt_shingles(text: str) -> frozenset[tuple[str, ...]]:
    """What two tasks are compared by: runs of three words, case and punctuation left out."""
    return shingles(re.findall(r"\w+", text.lower()), 3)


def _checked(text: str, names: set[str], code: str, package: str) -> Extracted:
    faults = {
        "too_long": len(text.split()) > MOST_WORDS,
        "not_english": not _english(text),
        "repeats_code": _shares(text, code),
        "other_name": not _called(text) <= names,
        "names_package": _names(text, package),
        "needs_more": _OUTSIDE.search(text) is not None,
        "no_result": _RESULT.search(text) is None,
    }
    reason = next((reason for reason, is_so in faults.items() if is_so), None)
    return Extracted(None, reason) if reason else Extracted(text)


def _unusable(answer: str) -> str | None:
    if not answer.strip():
        return "empty"
    return "refused" if _REFUSAL.search(answer[:200]) else None


def _english(text: str) -> bool:
    """Whether letters are ASCII, but for a few, and a fifth of the words are among the commonest of English."""
    letters = [c for c in text if c.isalpha()]
    words = re.findall(r"[a-z]+", text.lower())
    ascii_letters = sum(c.isascii() for c in letters)
    return ascii_letters >= 0.97 * len(letters) and sum(w in _COMMON for w in words) >= 0.2 * len(words)


def _shares(text: str, code: str) -> bool:
    one, other = (_TOKEN.findall(t) for t in (text, code))
    return len(one) >= COPIED <= len(other) and not shingles(one, COPIED).isdisjoint(shingles(other, COPIED))


def _called(text: str) -> set[str]:
    """Names that the text calls with brackets, methods and builtins left out."""
    return {n for n in re.findall(r"(?<![\w.])([A-Za-z_]\w*)\(", text) if not hasattr(builtins, n)}


def _names(text: str, package: str) -> bool:
    """Whether a text speaks of a package; the word alone may be an ordinary one (requests, rich, click)."""
    word = re.escape(package)
    said = rf"\b{word}(?:'s)? (?:package|library|module|framework|project)\b|\b{word}\.\w|\bimport \w"
    return re.search(said, text, re.IGNORECASE) is not None


def held_examples(turns: Sequence[tuple[str, str]]) -> dict[str, frozenset[tuple[str, ...]]]:
    """Shingles of the answers that a template shows as examples: a model that repeats one has made no task."""
    return {f"example {n}": prompt_shingles(text) for n, (role, text) in enumerate(turns) if role == "assistant"}
