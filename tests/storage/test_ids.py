"""Ids depend on content alone, and never change between versions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.ids import bucket_of, canonical_json, content_id

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values))
def test_the_order_of_keys_never_changes_an_id(parts: dict[str, object]) -> None:
    backwards = dict(reversed(parts.items()))
    assert content_id("x", v=parts) == content_id("x", v=backwards)


@given(json_values, json_values)
def test_different_content_has_different_ids(one: object, other: object) -> None:
    if canonical_json(one) != canonical_json(other):
        assert content_id("x", v=one) != content_id("x", v=other)


def test_an_id_is_24_hex_digits_and_kinds_are_kept_apart() -> None:
    assert len(content_id("attempt", a=1)) == 24
    assert content_id("attempt", a=1) != content_id("diagnosis", a=1)


def test_ids_are_stable_across_versions() -> None:
    """A changed address would make every lake of every user start again: this literal must not change lightly."""
    assert content_id("attempt", problem="p", sample=0) == "fd6105aed6499a6bbf1b6326"


def test_what_json_cannot_carry_has_no_id() -> None:
    with pytest.raises(ValueError, match="Out of range"):
        content_id("x", v=float("nan"))
    with pytest.raises(TypeError):
        content_id("x", v={1, 2})


@given(st.integers(1, 4096), st.text())
def test_a_bucket_lies_within_the_lake(buckets: int, text: str) -> None:
    assert 0 <= bucket_of(content_id("problem", t=text), buckets) < buckets
