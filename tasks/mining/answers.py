"""Extract concepts or a task in words from a model's answer, or the reason why it holds none. Pure text."""

import builtins
import re
from collections.abc import Iterable

from tasks.asking.answers import Answer, Extracted, read_answer
from tasks.asking.refusals import is_refusal
from tasks.mining.measures import Shingles, make_shingles
from tasks.models.protocol import FinishReason

MAX_CONCEPTS = 8
MAX_CONCEPT_WORDS = 6
MIN_TASK_WORDS, MAX_TASK_WORDS = 12, 200
COPIED_TOKENS = 12
"""A task may not share this many consecutive tokens with the code that it comes from."""

_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")
_LABEL = re.compile(
    r"^\s*(?:#+\s*)?(?:\*\*)?(?:programming )?"
    r"(?:concepts?|task|problem(?: statement)?|description|exercise|answer)(?:\*\*)?\s*:(?:\*\*)?\s*",
    re.IGNORECASE,
)
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
_COMMON_WORDS = frozenset({
    "a", "all", "an", "and", "any", "are", "as", "at", "be", "by", "each", "for", "from", "given", "has", "if", "in",
    "into", "is", "it", "its", "no", "not", "of", "on", "one", "or", "other", "that", "the", "their", "them", "then",
    "they", "this", "to", "two", "when", "where", "which", "with",
})  # fmt: skip


def extract_concepts(completion: str, finish: FinishReason) -> Extracted:
    """Return the concepts of an answer, separated by commas: at least two, at most MAX_CONCEPTS, each once.

    An answer cut at its maximum length loses its last concept. Reasons: empty, only_thinking, truncated, refused, code,
    not_english, too_few.
    """
    answer = read_answer(completion, finish)
    if (reason := _find_unusable(answer)) is not None:
        return Extracted(None, reason)
    if answer.blocks or _CODE_LINE.search(answer.text):
        return Extracted(None, "code")
    lines = [_BULLET.sub("", _LABEL.sub("", line)) for line in answer.text.strip().splitlines() if line.strip()]
    parts = [part for line in lines for part in line.split(",")]
    if finish == "length":
        parts = parts[:-1]
    concepts: dict[str, None] = {}  # a dict keeps the order
    for part in parts:
        phrase = " ".join(part.split()).strip(" .;:*`'\"").removeprefix("and ")
        if phrase and len(phrase.split()) <= MAX_CONCEPT_WORDS and re.search(r"[A-Za-z]{2}", phrase):
            concepts[phrase.lower() if phrase.istitle() else phrase] = None
    if any(not phrase.isascii() for phrase in concepts):
        return Extracted(None, "not_english")
    if len(concepts) < 2:
        return Extracted(None, "too_few")
    return Extracted(", ".join([*concepts][:MAX_CONCEPTS]))


def extract_task(
    completion: str, finish: FinishReason, name: str, signature: str, code: str, package: str
) -> Extracted:
    """Return the task of an answer in words, as one paragraph.

    Headings, examples, the signature (`problem_prompt` adds it) and everything from a code block on are removed. Of an
    answer cut at its maximum length the whole sentences stay.

    Args:
        completion: text of the model.
        finish: why the answer ended.
        name: of the function or class to be written.
        signature: as the model's prompt showed it.
        code: of the seed, which the task must not repeat.
        package: that the seed comes from, which the task must not need.

    Reasons: empty, only_thinking, refused, code, truncated, too_short, too_long, repeats_itself, repeats_code,
    not_english, other_name (it asks for another function), names_package, needs_more (files, network, input,
    randomness, the clock), no_result (it does not say what is returned).
    """
    answer = read_answer(completion, finish)
    if (reason := _find_unusable(answer)) is not None:
        return Extracted(None, reason)
    is_cut = finish == "length" and not answer.blocks
    words = answer.words_before_code
    signature_lines = {line.strip() for line in signature.splitlines()}
    lines = [
        line for line in words.splitlines() if line.strip("`* ") not in signature_lines and not line.startswith("#")
    ]
    text = _LABEL.sub("", "\n".join(lines).strip())
    if _CODE_LINE.search(text):
        return Extracted(None, "code")
    sentences = [s for paragraph in text.split("\n") for s in _SENTENCE.split(paragraph.strip()) if s]
    if is_cut:
        sentences = sentences[:-1]
    example_call = re.compile(rf"\b{re.escape(name)}\([^)]")
    sentences = [s for s in sentences if not _EXAMPLE.match(s) and not example_call.search(s)]
    if len(sentences) != len({s.lower() for s in sentences}):
        return Extracted(None, "repeats_itself")
    text = " ".join(sentences)
    if len(text.split()) < MIN_TASK_WORDS:
        return Extracted(None, "truncated" if is_cut else "too_short")
    reason = _find_task_fault(text, {name, *re.findall(r"def (\w+)", signature)}, code, package)
    return Extracted(None, reason) if reason else Extracted(text)


def problem_prompt(task: str, kind: str, signature: str) -> str:
    """Return the prompt of a problem: the task, then the signature on lines of its own."""
    return f"{task}\n\nThe {kind} has this signature:\n\n{signature}"


def shingle_words(text: str) -> Shingles:
    """Return the runs of three words by which two tasks are compared, without case and punctuation."""
    return make_shingles(re.findall(r"\w+", text.lower()), 3)


def shingle_examples(turns: Iterable[tuple[str, str]]) -> dict[str, Shingles]:
    """Return the shingles of the answers that a template shows as examples, by number of the turn.

    A task that repeats an example was not made from its seed.

    Args:
        turns: role and text of each turn of the template.
    """
    return {f"example {n}": shingle_words(text) for n, (role, text) in enumerate(turns) if role == "assistant"}


def _find_unusable(answer: Answer) -> str | None:
    """Return the reason why there is nothing to read, or `refused`; None where the answer has to be read."""
    return answer.no_answer or ("refused" if is_refusal(answer.text) else None)


def _find_task_fault(text: str, names: set[str], code: str, package: str) -> str | None:
    """Return the first reason why a text is no task for `names`, or None."""
    faults = {
        "too_long": len(text.split()) > MAX_TASK_WORDS,
        "not_english": not _is_english(text),
        "repeats_code": _repeats_code(text, code),
        "other_name": not _find_called_names(text) <= names,
        "names_package": _names_package(text, package),
        "needs_more": _OUTSIDE.search(text) is not None,
        "no_result": _RESULT.search(text) is None,
    }
    return next((reason for reason, applies in faults.items() if applies), None)


def _is_english(text: str) -> bool:
    """Return whether 97 % of the letters are ASCII and a fifth of the words are among the commonest of English."""
    letters = [c for c in text if c.isalpha()]
    words = re.findall(r"[a-z]+", text.lower())
    ascii_letters = sum(c.isascii() for c in letters)
    return ascii_letters >= 0.97 * len(letters) and sum(w in _COMMON_WORDS for w in words) >= 0.2 * len(words)


def _repeats_code(text: str, code: str) -> bool:
    """Return whether a text holds COPIED_TOKENS consecutive tokens of the code."""
    text_tokens, code_tokens = _TOKEN.findall(text), _TOKEN.findall(code)
    if len(text_tokens) < COPIED_TOKENS or len(code_tokens) < COPIED_TOKENS:
        return False
    return not make_shingles(text_tokens, COPIED_TOKENS).isdisjoint(make_shingles(code_tokens, COPIED_TOKENS))


def _find_called_names(text: str) -> set[str]:
    """Return the names that a text calls with brackets, without methods and builtins."""
    return {n for n in re.findall(r"(?<![\w.])([A-Za-z_]\w*)\(", text) if not hasattr(builtins, n)}


def _names_package(text: str, package: str) -> bool:
    """Return whether a text mentions a package as such; its name alone may be an ordinary word (requests, rich)."""
    word = re.escape(package)
    mention = rf"\b{word}(?:'s)? (?:package|library|module|framework|project)\b|\b{word}\.\w|\bimport \w"
    return re.search(mention, text, re.IGNORECASE) is not None
