"""Compare the output of a stdio program with the expected one while it arrives."""

import math
from collections.abc import Iterator

CHUNK = 1 << 16
LONGEST_NUMBER = 400  # characters; longer tokens are compared as text alone
_SPACE = b" \t\n\r\v\f"
NEW_LINE = None
"""Stands in a stream of tokens before the first token of each line but the first."""
Tokens = list[bytes | None]


def compare_output(output: bytes, expected: str, float_tolerance: float | None = None) -> str:
    """Return what differs first between a whole output and the expected text, as OutputComparison; "" if nothing."""
    comparison = OutputComparison(expected, float_tolerance)
    comparison.feed(output)
    return comparison.finish()


class OutputComparison:
    """Compares an output with the expected text, part by part; what was compared is not kept.

    Both consist of lines, and lines of tokens. White space (of ASCII) separates tokens and does not count beyond that,
    nor do lines without a token. `\\n`, `\\r\\n` and `\\r` end a line. Line by line, the tokens must be the same bytes.

    With a `float_tolerance`, two tokens are equal as well if both are decimal numbers, at least one of them has a point
    or an exponent, and they differ by at most the tolerance or by at most the tolerance times the expected value.
    """

    def __init__(self, expected: str, float_tolerance: float | None = None) -> None:
        self._expected = expected.encode("utf-8", "surrogatepass")
        self.expected_size = len(self._expected)
        self._tolerance = float_tolerance
        self._same = 0  # bytes, from the first on, in which both are the same
        self._reader: _Reader | None = None
        self._expected_tokens: Iterator[Tokens] = iter(())
        self._output_left: Tokens = []
        self._expected_left: Tokens = []
        self._position = 0  # tokens of output that were compared
        self._other_lines = ""  # first token that stands on another line than the expected one
        self._difference = ""

    def feed(self, part: bytes) -> None:
        """Compare the next part of the output."""
        if self._reader is None:
            # Most right outputs are the expected text, byte by byte.
            if self._expected.startswith(part, self._same):
                self._same += len(part)
                return
            self._part_ways()
        assert self._reader is not None
        for start in range(0, len(part), CHUNK):
            self._compare(self._reader.read(part[start : start + CHUNK]))

    def finish(self) -> str:
        """Return what differs first between the whole output and the expected text; "" if nothing does."""
        if self._reader is None:
            if not self._expected[self._same :].strip(_SPACE):
                return ""
            self._part_ways()
        assert self._reader is not None
        self._compare(self._reader.end())
        if self._difference:
            return self._difference
        extra = _drop_lines(self._output_left)
        missing = _drop_lines(self._expected_left)
        count, expected_count = self._position + len(extra), self._position + len(missing)
        for tokens in self._expected_tokens:
            more = _drop_lines(tokens)
            missing, expected_count = missing or more, expected_count + len(more)
        if extra or missing:
            first = f"missing is {_quote(missing[0])}" if missing else f"extra is {_quote(extra[0])}"
            return f"{count} tokens of output, expected {expected_count}; the first {first}"
        return self._other_lines

    def _part_ways(self) -> None:
        """Start to compare tokens: from the token on in which both begin to differ."""
        start = _last_token_start(self._expected, self._same)
        before = self._expected[:start]
        began = bool(before.strip(_SPACE))
        between = before[len(before.rstrip(_SPACE)) :]
        new_line = began and (b"\n" in between or b"\r" in between)
        self._reader, expected_reader = _Reader(began, new_line), _Reader(began, new_line)
        self._position = _count_tokens(before)
        self._output_left = self._reader.read(self._expected[start : self._same])

        def read_expected() -> Iterator[Tokens]:
            for at in range(start, len(self._expected), CHUNK):
                yield expected_reader.read(self._expected[at : at + CHUNK])
            yield expected_reader.end()

        self._expected_tokens = read_expected()
        self._compare([])

    def _compare(self, tokens: Tokens) -> None:
        if self._difference:
            return
        self._output_left += tokens
        while self._output_left:
            if not self._expected_left:
                more = next(self._expected_tokens, None)
                if more is None:
                    return
                self._expected_left = more
                continue
            if self._other_lines:  # only the tokens are compared then, for a message that says more
                self._output_left = [*_drop_lines(self._output_left)]
                self._expected_left = [*_drop_lines(self._expected_left)]
            count = min(len(self._output_left), len(self._expected_left))
            output, expected = self._output_left[:count], self._expected_left[:count]
            if output != expected and (count := self._find_difference(output, expected)) < 0:
                return
            self._position += count - self._output_left[:count].count(NEW_LINE)
            del self._output_left[:count], self._expected_left[:count]

    def _find_difference(self, output: Tokens, expected_tokens: Tokens) -> int:
        """Return how many of these tokens agree; -1 after a difference that decides."""
        position = self._position
        for index, (token, expected) in enumerate(zip(output, expected_tokens, strict=True)):
            if token is NEW_LINE or expected is NEW_LINE:
                if token is not expected:
                    begins = "begins a new line, expected on the same line"
                    goes_on = "is on the same line, expected on a new one"
                    place = begins if token is NEW_LINE else goes_on
                    self._other_lines = f"token {position + 1} {place} as token {position}"
                    return index
                continue
            position += 1
            if token != expected and not self._equal_numbers(token, expected):
                self._difference = f"token {position} is {_quote(token)}, expected {_quote(expected)}"
                self._output_left, self._expected_left = [], []
                return -1
        return len(output)

    def _equal_numbers(self, token: bytes, expected: bytes) -> bool:
        if self._tolerance is None or len(token) > LONGEST_NUMBER or len(expected) > LONGEST_NUMBER:
            return False
        if b"_" in token + expected or not any(mark in text for text in (token, expected) for mark in b".eE"):
            return False
        try:
            value, expected_value = float(token), float(expected)
        except ValueError:
            return False
        if not (math.isfinite(expected_value) and math.isfinite(value)):
            return False
        return abs(value - expected_value) <= self._tolerance * max(1.0, abs(expected_value))


class _Reader:
    """Cuts a text that arrives in parts into tokens and marks of lines."""

    def __init__(self, began: bool = False, new_line: bool = False) -> None:
        """
        Args:
            began: there was a token before.
            new_line: and the line of that token has ended.
        """
        self._began, self._new_line = began, new_line
        self._rest: list[bytes] = []  # parts of a token that may go on

    def read(self, part: bytes) -> Tokens:
        """Return the tokens that this part completes."""
        if _last_token_start(part, len(part)) == 0:
            self._rest.append(part)
            return []
        if self._rest:
            part = b"".join([*self._rest, part])
            self._rest = []
        end = _last_token_start(part, len(part))
        self._rest, part = [part[end:]] if end < len(part) else [], part[:end]
        return self._cut(part)

    def end(self) -> Tokens:
        """Return the token that was still open."""
        part, self._rest = b"".join(self._rest), []
        return self._cut(part)

    def _cut(self, part: bytes) -> Tokens:
        tokens: Tokens = []
        for line in part.splitlines(keepends=True):
            words = line.split()
            if words:
                if self._new_line:
                    tokens.append(NEW_LINE)
                tokens += words
                self._new_line, self._began = False, True
            if line[-1] in b"\r\n":
                self._new_line = self._began
        return tokens


def _last_token_start(text: bytes, end: int) -> int:
    """Return the place after the last white space before `end`; 0 without any."""
    return max(text.rfind(mark, 0, end) for mark in (b" ", b"\n", b"\t", b"\r", b"\v", b"\f")) + 1


def _drop_lines(tokens: Tokens) -> list[bytes]:
    return [token for token in tokens if token is not NEW_LINE]


def _count_tokens(text: bytes) -> int:
    """Count tokens part by part: their list can take ten times the memory of the text."""
    reader = _Reader()
    starts = range(0, len(text), CHUNK)
    count = sum(len(_drop_lines(reader.read(text[start : start + CHUNK]))) for start in starts)
    return count + len(_drop_lines(reader.end()))


def _quote(token: bytes) -> str:
    text = token[:400].decode("utf-8", "replace")
    return repr(text if len(text) <= 80 else text[:77] + "...")
