"""No two splits hold near-duplicates, and a problem of train never moves to another split."""

import random
from collections import Counter
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.publication import Split
from tasks.publish.ngrams import hash_ngrams_up_to
from tasks.publish.prompt_words import extract_words
from tasks.publish.similarity import jaccard_similarity
from tasks.publish.splits import assign_split, group_families

GENERATORS = st.integers(0, 1 << 32).map(random.Random)
SHARES: dict[Split, float] = {"train": 0.6, "validation": 0.2, "test": 0.2}
WORDS = [f"word{i}" for i in range(400)]


def draw_prompts(rng: random.Random, count: int) -> dict[str, str]:
    """Draw prompts of which some repeat others with a word changed, dropped, added, or two words swapped."""
    prompts: list[list[str]] = []
    for _ in range(count):
        if prompts and rng.random() < 0.6:
            words = list(rng.choice(prompts))
            place = rng.randrange(len(words) - 1)
            match rng.randrange(4):
                case 0:
                    words[place] = rng.choice(WORDS)
                case 1:
                    del words[place]
                case 2:
                    words.insert(place, rng.choice(WORDS))
                case _:
                    words[place : place + 2] = reversed(words[place : place + 2])
        else:
            words = rng.choices(WORDS, k=rng.randint(8, 30))
        prompts.append(words)
    return {f"p{number:04}": " ".join(words) for number, words in enumerate(prompts)}


def prompt_similarity(prompt: str, other: str) -> float:
    return jaccard_similarity(hash_ngrams_up_to(extract_words(prompt), 2), hash_ngrams_up_to(extract_words(other), 2))


def group(prompts: dict[str, str], seed: int = 0) -> dict[str, str]:
    return group_families(prompts, [], 0.7, 2, seed)


@given(GENERATORS, st.sampled_from([5, 40, 120]), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_near_duplicates_never_stand_in_two_splits(rng: random.Random, count: int, seed: int) -> None:
    prompts = draw_prompts(rng, count)
    split_of = {problem_id: assign_split(family_id, SHARES) for problem_id, family_id in group(prompts, seed).items()}
    ngrams = {problem_id: hash_ngrams_up_to(extract_words(text), 2) for problem_id, text in prompts.items()}
    for problem_id, other in combinations(prompts, 2):
        if jaccard_similarity(ngrams[problem_id], ngrams[other]) >= 0.7:
            assert split_of[problem_id] == split_of[other]


@given(GENERATORS, st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_added_problems_move_others_only_towards_train(rng: random.Random, first: int) -> None:
    prompts = draw_prompts(rng, 90)
    order = list(SHARES)

    def places(prompts: dict[str, str]) -> dict[str, int]:
        families = group(prompts)
        return {problem_id: order.index(assign_split(families[problem_id], SHARES)) for problem_id in families}

    before, after = places(dict(list(prompts.items())[:first])), places(prompts)
    assert all(after[problem_id] <= place for problem_id, place in before.items())


def test_problems_without_near_duplicates_keep_their_split_and_fill_the_splits_by_their_shares() -> None:
    prompts = {f"p{i}": " ".join(random.Random(i).choices(WORDS, k=20)) for i in range(3000)}
    families = group(prompts)
    counts = Counter(assign_split(family_id, SHARES) for family_id in families.values())
    assert all(abs(counts[name] / 3000 - share) < 0.03 for name, share in SHARES.items())
    sample = dict(list(prompts.items())[::7])
    assert group(sample) == {problem_id: families[problem_id] for problem_id in sample}


def test_a_split_without_a_share_stays_empty() -> None:
    shares: dict[Split, float] = {"train": 0.5, "validation": 0.0, "test": 0.5}
    family_ids = (f"{number:024x}" for number in range(0, 16**24, 16**24 // 999))
    assert {assign_split(family_id, shares) for family_id in family_ids} == {"train", "test"}


def test_families_do_not_depend_on_the_order_or_the_ids_of_problems() -> None:
    prompts = draw_prompts(random.Random(5), 60)
    renamed = {f"q{i}": text for i, text in enumerate(reversed(prompts.values()))}
    families, renamed_families = group(prompts), group(renamed)
    assert [families[p] for p in prompts] == list(reversed([renamed_families[q] for q in renamed]))


def test_another_seed_assigns_splits_anew() -> None:
    prompts = draw_prompts(random.Random(5), 60)
    splits = [[assign_split(family_id, SHARES) for family_id in group(prompts, seed).values()] for seed in (0, 1)]
    assert splits[0] != splits[1]


def test_problems_that_share_a_program_are_one_family() -> None:
    prompts = {"a": "sort a list of names", "b": "reverse the digits of an integer", "c": "area of a circle"}
    families = group_families(prompts, [("a", "c")], 0.7, 2, 0)
    assert families["a"] == families["c"] != families["b"]
