"""What of a data set may be published, and in which split each row stands."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from storage.publication import SPLITS, Split
from tasks.publish import sensitive
from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.contamination import Detector, Overlap
from tasks.publish.examples import Example, Left
from tasks.publish.near import alike, candidates, jaccard
from tasks.publish.normalised import Grams, code_tokens, grams, prompt_words, up_to
from tasks.publish.settings import CleanSettings
from tasks.publish.splits import families, split_of
from tasks.reading.licences import is_allowed, parse_allow_list

MARK = 0x9E3779B97F4A7C15  # odd and all bits mixed, so that close numbers stay apart
PROMPT_RUN, CODE_RUN = 2, 5
"""Words and tokens in a row by which prompts and programs are compared with one another."""


@dataclass(frozen=True)
class Cleaned:
    """What cleaning decided."""

    split: dict[str, Split]
    """By example_id, of every example that stays, in the order they came in."""
    left: list[Left]
    """Every other one, in the order they came in, for the first reason found: `licence`, `secret`, `personal_data`,
    `contaminated`, `duplicate` or `near_duplicate`."""
    families: dict[str, str]
    """problem_id -> family_id, of every problem of which something stays."""
    report: dict[str, Any]
    """Counts for the card."""


@dataclass(frozen=True)
class _Program:
    """A program, compared."""

    digest: bytes
    size: int
    """Tokens."""
    grams: Grams
    held: dict[int, float]
    """Shares of the benchmarks' solutions, by number of the item."""


def clean(examples: Sequence[Example], settings: CleanSettings, benchmarks: Sequence[BenchmarkItem]) -> Cleaned:
    """Decide what stays and where; the order of the examples changes nothing but the order of the answer.

    A benchmark's task leaves with all its rows, whichever of them gave it away. Of rows that are duplicates the one
    with the smallest example_id stays.

    Raises:
        ConfigError: `licences` names something that is no SPDX licence.
    """
    left: dict[str, Left] = {}

    def leave(example: Example, reason: str, detail: str) -> None:
        left[example.example_id] = Left(example.example_id, example.problem_id, reason, detail)

    for example, reason, detail in _unfit(examples, settings):
        leave(example, reason, detail)
    rest = sorted((e for e in examples if e.example_id not in left), key=lambda e: e.example_id)
    items = [item for item in benchmarks if _counts(item, settings)]
    detector = _detector(items, settings)
    programs = _programs(rest, detector)
    by_problem = _by_problem(rest)
    overlaps = _overlaps(by_problem, {code: program.held for code, program in programs.items()}, detector)
    for problem_id, overlap in overlaps.items():
        for row in by_problem.pop(problem_id):
            leave(row, "contaminated", overlap.detail)
    family = families(
        {problem_id: min(row.prompt for row in rows) for problem_id, rows in by_problem.items()},
        _sharing(by_problem, programs, settings.shared_program_tokens),
        settings.family,
        PROMPT_RUN,
        settings.seed,
    )
    by_family: dict[str, list[Example]] = defaultdict(list)
    for example in rest:
        if example.problem_id in family:
            by_family[family[example.problem_id]].append(example)
    for rows in by_family.values():
        for row, reason, detail in _duplicates(rows, programs, settings.near_duplicate):
            leave(row, reason, detail)
    split = {
        e.example_id: split_of(family[e.problem_id], settings.shares) for e in examples if e.example_id not in left
    }
    gone = [left[e.example_id] for e in examples if e.example_id in left]
    stay = {e.problem_id: family[e.problem_id] for e in examples if e.example_id in split}
    counts = {item.benchmark: 0 for item in benchmarks} | Counter(item.benchmark for item in items)
    found = Counter(overlap.item.benchmark for overlap in overlaps.values())
    return Cleaned(split, gone, stay, _report(examples, split, gone, stay, counts, found))


def contaminated(
    examples: Sequence[Example], settings: CleanSettings, benchmarks: Sequence[BenchmarkItem]
) -> dict[str, Overlap]:
    """By problem_id, what of a benchmark the problems are that are a benchmark's task."""
    detector = _detector([item for item in benchmarks if _counts(item, settings)], settings)
    codes = {code for example in examples for code in example.codes}
    held = {code: detector.of_code(code_tokens(code)) for code in codes}
    return _overlaps(_by_problem(examples), held, detector)


def _counts(item: BenchmarkItem, settings: CleanSettings) -> bool:
    if item.mbpp_id is None or settings.mbpp_ids is None:
        return True
    return settings.mbpp_ids[0] <= item.mbpp_id <= settings.mbpp_ids[1]


def _detector(items: Sequence[BenchmarkItem], settings: CleanSettings) -> Detector:
    return Detector(items, settings.prompt_ngram, settings.prompt_overlap, settings.code_ngram, settings.code_overlap)


def _by_problem(examples: Sequence[Example]) -> dict[str, list[Example]]:
    found: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        found[example.problem_id].append(example)
    return found


def _overlaps(
    by_problem: Mapping[str, Sequence[Example]], held: Mapping[str, dict[int, float]], detector: Detector
) -> dict[str, Overlap]:
    """Of each problem that is a benchmark's task, the worst that its prompts and programs give away."""
    found: dict[str, Overlap] = {}
    for problem_id, rows in by_problem.items():
        prompts = dict.fromkeys(row.prompt for row in rows)
        shares = [held[code] for code in dict.fromkeys(code for row in rows for code in row.codes)]
        worst = [overlap for prompt in prompts if (overlap := detector.worst(detector.of_prompt(prompt), shares))]
        overlap = max(worst, key=lambda one: one.score, default=None)
        if overlap is not None and overlap.score >= 1:
            found[problem_id] = overlap
    return found


def _unfit(examples: Sequence[Example], settings: CleanSettings) -> Iterator[tuple[Example, str, str]]:
    """Examples that may not be published whatever else there is."""
    names = parse_allow_list(settings.licences) if settings.licences is not None else None
    fits: dict[str, bool] = {}
    seen: dict[tuple[str, bool], tuple[str, str] | None] = {}
    for example in examples:
        if names is not None and not fits.setdefault(example.licence, is_allowed(example.licence, names)):
            yield example, "licence", f"{example.licence} is not allowed by {', '.join(sorted(names))}"
            continue
        for text in (example.prompt, *example.codes):
            key = text, example.mined
            if key not in seen:
                seen[key] = _exposed(text, example.mined, settings)
            if (why := seen[key]) is not None:
                yield example, *why
                break


def _exposed(text: str, mined: bool, settings: CleanSettings) -> tuple[str, str] | None:
    if settings.drop_secrets and (found := sensitive.secret(text, mined)):
        return "secret", found
    if settings.drop_personal_data and mined and (found := sensitive.personal(text)):
        return "personal_data", found
    return None


def _programs(examples: Sequence[Example], detector: Detector) -> dict[str, _Program]:
    """Every program by its text, read once."""
    programs: dict[str, _Program] = {}
    for example in examples:
        for code in example.codes:
            if code not in programs:
                tokens = code_tokens(code)
                digest = blake2b("\0".join(tokens).encode("utf-8", "surrogatepass"), digest_size=16).digest()
                programs[code] = _Program(digest, len(tokens), grams(tokens, CODE_RUN), detector.of_code(tokens))
    return programs


def _sharing(
    by_problem: dict[str, list[Example]], programs: dict[str, _Program], least: int
) -> Iterator[tuple[str, str]]:
    """Pairs of problems that have a program of so many tokens in common; each problem with the first that has it."""
    first: dict[bytes, str] = {}
    for problem_id, rows in by_problem.items():
        for program in {code: programs[code] for row in rows for code in row.codes}.values():
            if program.size >= least and first.setdefault(program.digest, problem_id) != problem_id:
                yield first[program.digest], problem_id


def _duplicates(rows: list[Example], programs: dict[str, _Program], least: float) -> Iterator[tuple[Example, str, str]]:
    """Rows of a family that say the same as an earlier one which stays: same prompt and same programs, or nearly."""
    firsts: dict[tuple[object, ...], Example] = {}
    own: list[Example] = []
    for row in rows:
        key = (prompt_words(row.prompt), *(programs[code].digest for code in row.codes))
        first = firsts.setdefault(key, row)
        if first is row:
            own.append(row)
        else:
            yield row, "duplicate", f"of {first.example_id}"
    prompts = {prompt: up_to(prompt_words(prompt), PROMPT_RUN) for prompt in {row.prompt for row in own}}
    parts = [(prompts[row.prompt], *(programs[code].grams for code in row.codes)) for row in own]
    gone: set[int] = set()
    for i, earlier in candidates([marked(one) for one in parts], least):
        for j in sorted(earlier):
            if j in gone or len(parts[i]) != len(parts[j]):
                continue
            if all(alike(one, other, least) for one, other in zip(parts[i], parts[j], strict=True)):
                gone.add(i)
                similarity = min(jaccard(one, other) for one, other in zip(parts[i], parts[j], strict=True))
                yield own[i], "near_duplicate", f"of {own[j].example_id}, similarity {similarity:.3f}"
                break


def marked(parts: Sequence[Grams]) -> Grams:
    """All parts as one set, each n-gram marked by where its part stands.

    Where every part of two rows has some Jaccard similarity at least, so have these sets, unless two n-grams of
    different parts are marked alike.
    """
    return np.unique(np.concatenate([part ^ np.uint64(i * MARK % 2**64) for i, part in enumerate(parts)]))


def _report(
    examples: Sequence[Example],
    split: dict[str, Split],
    left: list[Left],
    stay: dict[str, str],
    items: dict[str, int],
    found: Counter[str],
) -> dict[str, Any]:
    sizes = Counter(stay.values())
    problems = {name: {e.problem_id for e in examples if split.get(e.example_id) == name} for name in SPLITS}
    examples_in = Counter(split.values())
    return {
        "examples": len(examples),
        "kept": len(split),
        "left": dict(sorted(Counter(one.reason for one in left).items())),
        "problems": len(stay),
        "families": len(sizes),
        "largest_family": max(sizes.values(), default=0),
        "splits": {name: {"examples": examples_in[name], "problems": len(problems[name])} for name in SPLITS},
        "benchmarks": {name: {"items": items[name], "problems_left_out": found[name]} for name in sorted(items)},
    }
