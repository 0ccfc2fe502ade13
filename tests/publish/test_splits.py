"""No two splits hold near-duplicates, and what was trained on is never tested on."""

import random
from collections import Counter
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from storage.publication import Split
from tasks.publish.near import jaccard
from tasks.publish.normalised import prompt_words, up_to
from tasks.publish.splits import families, split_of

SEEDS = st.integers(0, 1 << 32).map(random.Random)
SHARES: dict[Split, float] = {"train": 0.6, "validation": 0.2, "test": 0.2}
WORDS = [f"word{i}" for i in range(400)]


def prompts_with_twins(rng: random.Random, count: int) -> dict[str, str]:
    """Problems of which some are others with a word changed, dropped, added, or two swapped, and twins of those."""
    made: list[list[str]] = []
    for _ in range(count):
        if made and rng.random() < 0.6:
            words = list(rng.choice(made))
            at = rng.randrange(len(words) - 1)
            match rng.randrange(4):
                case 0:
                    words[at] = rng.choice(WORDS)
                case 1:
                    del words[at]
                case 2:
                    words.insert(at, rng.choice(WORDS))
                case _:
                    words[at : at + 2] = reversed(words[at : at + 2])
        else:
            words = rng.choices(WORDS, k=rng.randint(8, 30))
        made.append(words)
    return {f"p{i:04}": " ".join(words) for i, words in enumerate(made)}


def alike(one: str, other: str) -> bool:
    return jaccard(up_to(prompt_words(one), 2), up_to(prompt_words(other), 2)) >= 0.7


@given(SEEDS, st.sampled_from([5, 40, 120]), st.integers(0, 3))
@settings(max_examples=30, deadline=None)
def test_no_near_duplicates_stand_in_two_splits(rng: random.Random, count: int, seed: int) -> None:
    prompts = prompts_with_twins(rng, count)
    family = families(prompts, [], 0.7, 2, seed)
    split = {problem_id: split_of(family_id, SHARES) for problem_id, family_id in family.items()}
    said = {problem_id: up_to(prompt_words(text), 2) for problem_id, text in prompts.items()}
    for one, other in combinations(prompts, 2):
        if jaccard(said[one], said[other]) >= 0.7:
            assert split[one] == split[other]


@given(SEEDS, st.integers(0, 60))
@settings(max_examples=30, deadline=None)
def test_added_problems_move_others_only_towards_train(rng: random.Random, known: int) -> None:
    prompts = prompts_with_twins(rng, 90)
    order = list(SHARES)

    def places(some: dict[str, str]) -> dict[str, int]:
        return {p: order.index(split_of(f, SHARES)) for p, f in families(some, [], 0.7, 2, 0).items()}

    before, after = places(dict(list(prompts.items())[:known])), places(prompts)
    assert all(after[problem_id] <= place for problem_id, place in before.items())


def test_problems_that_nothing_is_like_stay_where_they_are_and_fill_the_splits_by_their_shares() -> None:
    prompts = {f"p{i}": " ".join(random.Random(i).choices(WORDS, k=20)) for i in range(3000)}
    family = families(prompts, [], 0.7, 2, 0)
    counts = Counter(split_of(family_id, SHARES) for family_id in family.values())
    assert all(abs(counts[name] / 3000 - share) < 0.03 for name, share in SHARES.items())
    few = dict(list(prompts.items())[::7])
    assert families(few, [], 0.7, 2, 0) == {problem_id: family[problem_id] for problem_id in few}


def test_a_split_without_a_share_stays_empty() -> None:
    shares: dict[Split, float] = {"train": 0.5, "validation": 0.0, "test": 0.5}
    assert {split_of(f"{i:024x}", shares) for i in range(0, 16**24, 16**24 // 999)} == {"train", "test"}


def test_families_do_not_depend_on_the_order_or_the_ids_of_problems() -> None:
    prompts = prompts_with_twins(random.Random(5), 60)
    renamed = {f"q{i}": text for i, text in enumerate(reversed(prompts.values()))}
    one, other = families(prompts, [], 0.7, 2, 0), families(renamed, [], 0.7, 2, 0)
    assert [one[p] for p in prompts] == list(reversed([other[q] for q in renamed]))


def test_another_seed_deals_anew() -> None:
    prompts = prompts_with_twins(random.Random(5), 60)
    deals = [[split_of(f, SHARES) for f in families(prompts, [], 0.7, 2, seed).values()] for seed in (0, 1)]
    assert deals[0] != deals[1]


def test_problems_that_share_something_else_are_one_family() -> None:
    prompts = {"a": "sort a list of names", "b": "reverse the digits of an integer", "c": "area of a circle"}
    found = families(prompts, [("a", "c")], 0.7, 2, 0)
    assert found["a"] == found["c"] != found["b"]
