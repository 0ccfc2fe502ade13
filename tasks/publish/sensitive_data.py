"""Find secrets and personal data in text before it is published.

detect-secrets finds the secrets. Its detectors of one service's keys know the form of the key, and examine every text.
Its heuristics (a quoted value given to a name such as `password`, strings of high entropy) also match the examples and
tables of characters in tasks. So they examine mined code only. Nothing leaves this machine: the library can check a key
with its service, and is not asked to.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.filters.heuristic import (
    is_indirect_reference,
    is_not_alphanumeric_string,
    is_potential_uuid,
    is_sequential_string,
    is_templated_secret,
)
from detect_secrets.plugins.base import BasePlugin, RegexBasedDetector
from detect_secrets.plugins.high_entropy_strings import Base64HighEntropyString, HexHighEntropyString
from detect_secrets.plugins.ip_public import IPPublicDetector
from detect_secrets.plugins.keyword import KeywordDetector

_HEURISTIC_CHARS = 2000
"""Characters of a line that heuristics examine: their patterns take quadratic time."""
_EMAIL = re.compile(
    r"(?<![\w.+-])[A-Za-z0-9][\w.+-]*@((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24})\b"
)
_RESERVED_DOMAIN = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|(?:test|example|invalid|localhost|local))$", re.I)
_PHONE = re.compile(
    r"(?<![\w.+-])(?:\+[1-9]\d{0,2}(?:[ .-]?\(?\d{2,4}\)?){2,5}|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4})"
    r"(?![\w-])"
)
_RESERVED_PHONE = re.compile(r"555\D?01\d\d$|^(\d)(\D?\1)+$|^123\D?456\D?7890$")
_HOME = re.compile(r"(?:/home/|/Users/|\b[A-Za-z]:\\{1,2}Users\\{1,2})([A-Za-z0-9][\w.-]*)")
_GENERIC_USERS = {"user", "username", "you", "me", "name", "runner", "ubuntu", "vagrant", "shared", "public", "default"}


def find_secret(text: str, mined: bool) -> str | None:
    """Return the kind of a secret in a text and its line, from 1; None where there is none. Never repeats the secret.

    Args:
        text: a prompt, a program or an explanation.
        mined: whether it was made from open-source code, which heuristics examine as well.
    """
    for kind, value in _find_keys(text):
        return f"{kind} in line {_line_of(text, value)}"
    if mined:
        for number, line in enumerate(text.split("\n"), start=1):
            for kind in _apply_heuristics(line[:_HEURISTIC_CHARS]):
                return f"{kind} in line {number}"
    return None


def find_personal_data(text: str) -> str | None:
    """Return the kind of personal data in a text and its line, from 1; None where there is none.

    Found are e-mail addresses, telephone numbers, public IPv4 addresses and home folders with a name. Addresses and
    numbers that are reserved for examples do not count. Names of people are not detected.
    """
    for kind, value in _find_personal_values(text):
        return f"{kind} in line {_line_of(text, value)}"
    return None


def _find_personal_values(text: str) -> Iterator[tuple[str, str]]:
    for match in _EMAIL.finditer(text) if "@" in text else ():
        if not _RESERVED_DOMAIN.search(match[1]):
            yield "e-mail address", match[0]
    for match in _PHONE.finditer(text):
        digits = sum(character.isdigit() for character in match[0])
        if 8 <= digits <= 15 and not _RESERVED_PHONE.search(match[0]):
            yield "telephone number", match[0]
    for match in _HOME.finditer(text):
        if match[1].lower() not in _GENERIC_USERS:
            yield "home folder", match[0]
    for address in _ip_detector().analyze_string(text):
        if ip_address(address.partition(":")[0]).is_global:  # others are reserved for examples or private networks
            yield "IP address", address


def _line_of(text: str, value: str) -> int:
    return text[: max(text.find(value), 0)].count("\n") + 1


def _find_keys(text: str) -> Iterator[tuple[str, str]]:
    """Yield kind and value of every string that has the form of a service's key."""
    for detector in _key_detectors():
        for value in detector.analyze_string(text):
            if not is_templated_secret(value):
                yield detector.secret_type, value


def _apply_heuristics(line: str) -> Iterator[str]:
    """Yield the kind of every string of a line that a heuristic takes for a secret."""
    if "'" not in line and '"' not in line:
        return
    keyword, *entropies = _heuristics()
    if not is_indirect_reference(line):
        for value in keyword.analyze_string(line):
            if not _is_harmless(value):
                yield keyword.secret_type
    for entropy in entropies:
        for value in entropy.analyze_string(line):
            if entropy.calculate_shannon_entropy(value) > entropy.entropy_limit and not _is_harmless(value):
                yield entropy.secret_type


def _is_harmless(value: str) -> bool:
    """Apply the filters that detect-secrets applies by default."""
    return (
        is_sequential_string(value)
        or is_potential_uuid(value)
        or is_templated_secret(value)
        or is_not_alphanumeric_string(value)
    )


@lru_cache(1)
def _key_detectors() -> list[RegexBasedDetector]:
    kinds: Mapping[str, type[BasePlugin]] = get_mapping_from_secret_type_to_class()
    detectors = [kinds[name]() for name in sorted(kinds) if kinds[name] is not IPPublicDetector]
    return [detector for detector in detectors if isinstance(detector, RegexBasedDetector)]


@lru_cache(1)
def _heuristics() -> tuple[KeywordDetector, HexHighEntropyString, Base64HighEntropyString]:
    return KeywordDetector(), HexHighEntropyString(), Base64HighEntropyString()


@lru_cache(1)
def _ip_detector() -> IPPublicDetector:
    return IPPublicDetector()
