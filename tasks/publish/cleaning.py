"""Decide which examples of a dataset may be published, and in which split each of them stands."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TypedDict

from storage.publication import SPLITS, Split
from tasks.publish.benchmarks import BenchmarkItem
from tasks.publish.code_tokens import tokenize_code
from tasks.publish.contamination import ContaminationDetector, Overlap
from tasks.publish.duplicates import CODE_RUN, PROMPT_RUN, ComparedProgram, find_duplicates
from tasks.publish.examples import DroppedExample, Example, drop_example
from tasks.publish.ngrams import hash_ngrams
from tasks.publish.sensitive_data import find_personal_data, find_secret
from tasks.publish.settings import CleanSettings
from tasks.publish.splits import assign_split, group_families
from tasks.reading.licences import is_allowed, parse_allow_list


class SplitCounts(TypedDict):
    """Sizes of one split."""

    examples: int
    problems: int


class BenchmarkCounts(TypedDict):
    """Items of one benchmark that were looked for, and problems dropped because of them."""

    items: int
    problems_left_out: int


class CleaningReport(TypedDict):
    """Counts of one cleaning, for the card and the manifest."""

    examples: int
    kept: int
    left: dict[str, int]
    """Dropped examples by reason."""
    problems: int
    families: int
    largest_family: int
    splits: dict[str, SplitCounts]
    benchmarks: dict[str, BenchmarkCounts]


@dataclass(frozen=True)
class CleanedDataset:
    """The decisions of one cleaning."""

    splits: dict[str, Split]
    """Split by example_id of every example that stays, in the order of the input."""
    dropped: list[DroppedExample]
    """Every other example, in the order of the input, with the first reason that applies: `licence`, `secret`,
    `personal_data`, `contaminated`, `duplicate` or `near_duplicate`."""
    families: dict[str, str]
    """problem_id -> family_id, of every problem of which an example stays."""
    report: CleaningReport


def clean(examples: Sequence[Example], settings: CleanSettings, benchmarks: Sequence[BenchmarkItem]) -> CleanedDataset:
    """Decide for every example whether it stays and in which split; the order of the input decides nothing.

    A benchmark's task is dropped with all its rows, whichever of them shows it. Of duplicates, the row with the
    smallest example_id stays.

    Raises:
        ConfigError: `licences` names something that is no SPDX licence.
    """
    drop_of = {drop.row_id: drop for drop in _find_unpublishable(examples, settings)}
    rows = sorted((e for e in examples if e.example_id not in drop_of), key=lambda example: example.example_id)
    items = _select_items(benchmarks, settings)
    detector = _build_detector(items, settings)
    programs = _compare_programs(rows, detector)
    rows_of_problem = _group_by_problem(rows)
    shares = {code: program.benchmark_shares for code, program in programs.items()}
    overlaps = _find_overlaps(rows_of_problem, shares, detector)
    for problem_id, overlap in overlaps.items():
        for row in rows_of_problem.pop(problem_id):
            drop_of[row.example_id] = drop_example(row, "contaminated", overlap.detail)
    families = group_families(
        {problem_id: min(row.prompt for row in rows) for problem_id, rows in rows_of_problem.items()},
        _find_shared_programs(rows_of_problem, programs, settings.shared_program_tokens),
        settings.family,
        PROMPT_RUN,
        settings.seed,
    )
    for family_rows in _group_by_family(rows, families):
        duplicates = find_duplicates(family_rows, programs, settings.near_duplicate)
        drop_of |= {drop.row_id: drop for drop in duplicates}
    kept_examples = [example for example in examples if example.example_id not in drop_of]
    splits = {e.example_id: assign_split(families[e.problem_id], settings.shares) for e in kept_examples}
    drops = [drop_of[example.example_id] for example in examples if example.example_id in drop_of]
    kept_families = {example.problem_id: families[example.problem_id] for example in kept_examples}
    report = _count(kept_examples, splits, drops, kept_families, _count_benchmarks(benchmarks, items, overlaps))
    return CleanedDataset(splits, drops, kept_families, report)


def find_contaminated(
    examples: Sequence[Example], settings: CleanSettings, benchmarks: Sequence[BenchmarkItem]
) -> dict[str, Overlap]:
    """Return the overlap of every problem that is a benchmark's task, by problem_id."""
    detector = _build_detector(_select_items(benchmarks, settings), settings)
    codes = {code for example in examples for code in example.codes}
    shares = {code: detector.code_shares(tokenize_code(code)) for code in codes}
    return _find_overlaps(_group_by_problem(examples), shares, detector)


def _find_unpublishable(examples: Sequence[Example], settings: CleanSettings) -> Iterator[DroppedExample]:
    """Yield the examples that may not be published whatever else the dataset holds."""
    allow_list = parse_allow_list(settings.licences) if settings.licences is not None else None
    allowed: dict[str, bool] = {}
    exposures: dict[tuple[str, bool], tuple[str, str] | None] = {}
    for example in examples:
        licence = example.licence
        if allow_list is not None and not allowed.setdefault(licence, is_allowed(licence, allow_list)):
            yield drop_example(example, "licence", f"{licence} is not allowed by {', '.join(sorted(allow_list))}")
            continue
        for text in (example.prompt, *example.codes):
            key = text, example.mined
            if key not in exposures:
                exposures[key] = _find_exposure(text, example.mined, settings)
            if (exposure := exposures[key]) is not None:
                yield drop_example(example, *exposure)
                break


def _find_exposure(text: str, mined: bool, settings: CleanSettings) -> tuple[str, str] | None:
    """Return reason and detail where a text holds a secret or personal data."""
    if settings.drop_secrets and (detail := find_secret(text, mined)):
        return "secret", detail
    if settings.drop_personal_data and mined and (detail := find_personal_data(text)):
        return "personal_data", detail
    return None


def _select_items(benchmarks: Sequence[BenchmarkItem], settings: CleanSettings) -> list[BenchmarkItem]:
    """Return the items of the benchmarks that the settings count."""
    first, last = settings.mbpp_ids or (None, None)
    if first is None or last is None:
        return list(benchmarks)
    return [item for item in benchmarks if item.mbpp_id is None or first <= item.mbpp_id <= last]


def _build_detector(items: Sequence[BenchmarkItem], settings: CleanSettings) -> ContaminationDetector:
    return ContaminationDetector(
        items, settings.prompt_ngram, settings.prompt_overlap, settings.code_ngram, settings.code_overlap
    )


def _compare_programs(examples: Sequence[Example], detector: ContaminationDetector) -> dict[str, ComparedProgram]:
    """Prepare every distinct program for comparison, by its text."""
    programs: dict[str, ComparedProgram] = {}
    for code in dict.fromkeys(code for example in examples for code in example.codes):
        tokens = tokenize_code(code)
        digest = blake2b("\0".join(tokens).encode("utf-8", "surrogatepass"), digest_size=16).digest()
        ngrams = hash_ngrams(tokens, CODE_RUN)
        programs[code] = ComparedProgram(digest, len(tokens), ngrams, detector.code_shares(tokens))
    return programs


def _group_by_problem(examples: Sequence[Example]) -> dict[str, list[Example]]:
    groups: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        groups[example.problem_id].append(example)
    return groups


def _group_by_family(rows: Sequence[Example], families: Mapping[str, str]) -> list[list[Example]]:
    """Group the rows of all problems that have a family; rows of others were dropped."""
    groups: dict[str, list[Example]] = defaultdict(list)
    for row in rows:
        if row.problem_id in families:
            groups[families[row.problem_id]].append(row)
    return list(groups.values())


def _find_overlaps(
    rows_of_problem: Mapping[str, Sequence[Example]],
    shares: Mapping[str, dict[int, float]],
    detector: ContaminationDetector,
) -> dict[str, Overlap]:
    """Return the largest overlap of every problem that is a benchmark's task, by problem_id.

    Args:
        rows_of_problem: examples by problem_id.
        shares: shares of the benchmarks' solutions that a program holds, by code.
        detector: of the benchmarks' items.
    """
    overlaps: dict[str, Overlap] = {}
    for problem_id, rows in rows_of_problem.items():
        prompts = dict.fromkeys(row.prompt for row in rows)
        code_shares = [shares[code] for code in dict.fromkeys(code for row in rows for code in row.codes)]
        candidates = [detector.largest_overlap(detector.prompt_shares(prompt), code_shares) for prompt in prompts]
        largest = max(filter(None, candidates), key=lambda overlap: overlap.score, default=None)
        if largest is not None and largest.score >= 1:
            overlaps[problem_id] = largest
    return overlaps


def _find_shared_programs(
    rows_of_problem: Mapping[str, Sequence[Example]], programs: Mapping[str, ComparedProgram], min_tokens: int
) -> Iterator[tuple[str, str]]:
    """Yield pairs of problems that share a program of so many tokens: each problem with the first that has it."""
    first_problem: dict[bytes, str] = {}
    for problem_id, rows in rows_of_problem.items():
        for program in {code: programs[code] for row in rows for code in row.codes}.values():
            if program.tokens >= min_tokens and first_problem.setdefault(program.digest, problem_id) != problem_id:
                yield first_problem[program.digest], problem_id


def _count_benchmarks(
    benchmarks: Sequence[BenchmarkItem], counted: Sequence[BenchmarkItem], overlaps: Mapping[str, Overlap]
) -> dict[str, BenchmarkCounts]:
    items = {item.benchmark: 0 for item in benchmarks} | Counter(item.benchmark for item in counted)
    problems = Counter(overlap.item.benchmark for overlap in overlaps.values())
    return {name: {"items": items[name], "problems_left_out": problems[name]} for name in sorted(items)}


def _count(
    kept_examples: Sequence[Example],
    splits: Mapping[str, Split],
    dropped: Sequence[DroppedExample],
    families: Mapping[str, str],
    benchmarks: dict[str, BenchmarkCounts],
) -> CleaningReport:
    family_sizes = Counter(families.values())
    examples_in = Counter(splits.values())
    problems_in = Counter(split for _, split in {(e.problem_id, splits[e.example_id]) for e in kept_examples})
    return {
        "examples": len(kept_examples) + len(dropped),
        "kept": len(kept_examples),
        "left": dict(sorted(Counter(drop.reason for drop in dropped).items())),
        "problems": len(families),
        "families": len(family_sizes),
        "largest_family": max(family_sizes.values(), default=0),
        "splits": {name: {"examples": examples_in[name], "problems": problems_in[name]} for name in SPLITS},
        "benchmarks": benchmarks,
    }
