"""Whether a licence is one of those that are allowed. Pure text."""

import re
from collections.abc import Collection, Iterator

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from storage.errors import ConfigError

_TOKEN = re.compile(r"[()]|[^\s()]+")


def allow_list(names: Collection[str]) -> frozenset[str]:
    """SPDX names of licences in SPDX's spelling; raises ConfigError where one is none."""
    found = set()
    for name in names:
        try:
            found.add(str(canonicalize_license_expression(name)))
        except InvalidLicenseExpression:
            raise ConfigError(f"licences: expected SPDX names such as MIT or CC-BY-4.0, got {name!r}") from None
    return frozenset(found)


def allowed(expression: str, names: Collection[str]) -> bool:
    """Whether an SPDX expression is satisfied by the licences named; what is no SPDX expression never is.

    Of `A OR B` one will do, of `A AND B` both must be named, AND binding closer; `A WITH exception` counts as A, of
    which it takes nothing away, or by its full name.
    """
    try:
        text = str(canonicalize_license_expression(expression))
    except InvalidLicenseExpression:
        return False
    return _either(iter([*_TOKEN.findall(text), ""]), names)[0]


def _either(tokens: Iterator[str], names: Collection[str]) -> tuple[bool, str]:
    """Truth of `a OR b ...`, and the token that stands behind it."""
    found, behind = _both(tokens, names)
    while behind == "OR":
        other, behind = _both(tokens, names)
        found = found or other
    return found, behind


def _both(tokens: Iterator[str], names: Collection[str]) -> tuple[bool, str]:
    found, behind = _one(tokens, names)
    while behind == "AND":
        other, behind = _one(tokens, names)
        found = found and other
    return found, behind


def _one(tokens: Iterator[str], names: Collection[str]) -> tuple[bool, str]:
    name = next(tokens)
    if name == "(":
        return _either(tokens, names)[0], next(tokens)
    found, behind = name in names, next(tokens)
    if behind == "WITH":
        found, behind = found or f"{name} WITH {next(tokens)}" in names, next(tokens)
    return found, behind
