"""Secrets and personal data in text, before it is published.

Secrets are found by detect-secrets. Its detectors of one service's keys each know their form, and look at every text.
Its guesses (a name such as `password` that something quoted is given to, strings of high entropy) find examples of
passwords and tables of characters in tasks, too, so they look only at code that somebody wrote for himself. Nothing is
ever sent anywhere: the library's check of a key with its service is not used.
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

_LONGEST_LINE = 2000
"""The guesses look at no more of a line: their patterns take quadratic time."""
_MAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+-]*@((?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,24})\b")
_NOBODYS_MAIL = re.compile(r"(?:^|\.)(?:example\.(?:com|org|net)|(?:test|example|invalid|localhost|local))$", re.I)
_PHONE = re.compile(
    r"(?<![\w.+-])(?:\+[1-9]\d{0,2}(?:[ .-]?\(?\d{2,4}\)?){2,5}|\(\d{3}\) ?\d{3}[ .-]\d{4}|\d{3}([.-])\d{3}\1\d{4})"
    r"(?![\w-])"
)
_NOBODYS_PHONE = re.compile(r"555\D?01\d\d$|^(\d)(\D?\1)+$|^123\D?456\D?7890$")
_HOME = re.compile(r"(?:/home/|/Users/|\b[A-Za-z]:\\{1,2}Users\\{1,2})([A-Za-z0-9][\w.-]*)")
_NOBODYS_HOME = {"user", "username", "you", "me", "name", "runner", "ubuntu", "vagrant", "shared", "public", "default"}


def secret(text: str, mined: bool) -> str | None:
    """What kind of secret a text holds, and in which line (from 1); never the secret itself. None where it holds none.

    Args:
        mined: made from somebody's own code, where guesses are looked at as well.
    """
    for kind, value in _keys(text):
        return f"{kind} in line {_line_of(text, value)}"
    if mined:
        for number, line in enumerate(text.split("\n"), start=1):
            for kind in _guesses(line[:_LONGEST_LINE]):
                return f"{kind} in line {number}"
    return None


def personal(text: str) -> str | None:
    """What kind of personal data a text holds, and in which line (from 1); None where none is found.

    E-mail addresses, telephone numbers, public IPv4 addresses, home folders with a name; addresses and numbers that are
    reserved for examples are nobody's. Names of people are not looked for.
    """
    for kind, value in _personal(text):
        return f"{kind} in line {_line_of(text, value)}"
    return None


def _personal(text: str) -> Iterator[tuple[str, str]]:
    for match in _MAIL.finditer(text) if "@" in text else ():
        if not _NOBODYS_MAIL.search(match[1]):
            yield "e-mail address", match[0]
    for match in _PHONE.finditer(text):
        digits = sum(character.isdigit() for character in match[0])
        if 8 <= digits <= 15 and not _NOBODYS_PHONE.search(match[0]):
            yield "telephone number", match[0]
    for match in _HOME.finditer(text):
        if match[1].lower() not in _NOBODYS_HOME:
            yield "home folder", match[0]
    for address in _public_address().analyze_string(text):
        if ip_address(address.partition(":")[0]).is_global:  # else kept for examples, or for everybody's own network
            yield "IP address", address


def _line_of(text: str, value: str) -> int:
    return text[: max(text.find(value), 0)].count("\n") + 1


def _keys(text: str) -> Iterator[tuple[str, str]]:
    """Kind and value of what has the form of a service's key."""
    for detector in _key_detectors():
        for value in detector.analyze_string(text):
            if not is_templated_secret(value):
                yield detector.secret_type, value


def _guesses(line: str) -> Iterator[str]:
    if "'" not in line and '"' not in line:
        return
    keyword, *entropies = _guessers()
    if not is_indirect_reference(line):
        for value in keyword.analyze_string(line):
            if not _harmless(value):
                yield keyword.secret_type
    for entropy in entropies:
        for value in entropy.analyze_string(line):
            if entropy.calculate_shannon_entropy(value) > entropy.entropy_limit and not _harmless(value):
                yield entropy.secret_type


def _harmless(value: str) -> bool:
    """What detect-secrets itself leaves out by default."""
    return (
        is_sequential_string(value)
        or is_potential_uuid(value)
        or is_templated_secret(value)
        or is_not_alphanumeric_string(value)
    )


@lru_cache(1)
def _key_detectors() -> list[RegexBasedDetector]:
    kinds: Mapping[str, type[BasePlugin]] = get_mapping_from_secret_type_to_class()
    found = [kinds[name]() for name in sorted(kinds) if kinds[name] is not IPPublicDetector]
    return [detector for detector in found if isinstance(detector, RegexBasedDetector)]


@lru_cache(1)
def _guessers() -> tuple[KeywordDetector, HexHighEntropyString, Base64HighEntropyString]:
    return KeywordDetector(), HexHighEntropyString(), Base64HighEntropyString()


@lru_cache(1)
def _public_address() -> IPPublicDetector:
    return IPPublicDetector()
