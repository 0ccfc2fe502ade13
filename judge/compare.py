"""Compare the output of a stdio program with the expected one."""

import math
from decimal import Decimal

TOLERANCE = 1e-6


def compare_output(output: bytes, expected: str) -> str:
    """Return what differs first between a program's output and the expected text; "" if they are equal.

    Both are split at white space, so blanks, line ends and trailing blanks do not count; the number of tokens must be
    equal. Two tokens are equal if they are the same text. They are also equal if both are numbers, at least one of them
    is written with a point or an exponent, and they have the same value. If the expected one is written so, they may
    differ by 1e-6, absolutely or relative to it. An expected integer has no tolerance: 1e17 is not 100000000000000001.
    """
    tokens, expected_tokens = output.decode("utf-8", "replace").split(), expected.split()
    for position, (token, expected_token) in enumerate(zip(tokens, expected_tokens, strict=False), 1):
        if token != expected_token and not _equal_numbers(token, expected_token):
            return f"token {position} is {_quote(token)}, expected {_quote(expected_token)}"
    count, expected_count = len(tokens), len(expected_tokens)
    if count != expected_count:
        missing = f"; the first missing is {_quote(expected_tokens[count])}" if count < expected_count else ""
        extra = f"; the first extra is {_quote(tokens[expected_count])}" if count > expected_count else ""
        return f"{count} tokens of output, expected {expected_count}{missing}{extra}"
    return ""


def _equal_numbers(token: str, expected: str) -> bool:
    if len(token) > 400 or len(expected) > 400 or not (token.isascii() and expected.isascii()):
        return False
    if "_" in token + expected or not any(mark in text for text in (token, expected) for mark in ".eE"):
        return False
    try:
        value, expected_value = float(token), float(expected)
    except ValueError:
        return False
    if not (math.isfinite(expected_value) and math.isfinite(value)):
        return False
    if not any(mark in expected for mark in ".eE"):
        return Decimal(token) == Decimal(expected)
    return abs(value - expected_value) <= TOLERANCE * max(1.0, abs(expected_value))


def _quote(token: str) -> str:
    return repr(token if len(token) <= 80 else token[:77] + "...")
