"""Take off what stands beside an answer: thinking in tags, tokens that end a turn, turns that follow.

Programs may name these tags and tokens themselves. So one within quotes, or within a code block that parses, is text.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tasks.asking.blocks import Block, split_blocks
from tasks.asking.closings import parses

_NAMES = "think|thinking|thoughts?|reasoning|reason|reflection|analysis|scratchpad|inner_monologue|seed:think"
_OPEN = re.compile(
    rf"<\s*(?P<name>{_NAMES})\b[^<>\n]{{0,80}}(?<!/)>|\[THINK\]|◁think▷|<\|begin_of_thought\|>|<\|START_THINKING\|>"
    r"|<\|think\|>|<unused94>(?:thought\n)?|<\|channel>thought\b",
    re.IGNORECASE,
)
_CLOSE = re.compile(
    rf"<\s*/\s*(?P<name>{_NAMES})\s*>|\[/THINK\]|◁/think▷|<\|end_of_thought\|>|<\|END_THINKING\|>|<\|/think\|>"
    r"|<unused95>|<channel\|>",
    re.IGNORECASE,
)
_WRAPPER = re.compile(
    r"<(answer|final_answer|solution|response|output)>|<\|begin_of_solution\|>|<\|START_RESPONSE\|>", re.IGNORECASE
)
_WRAPPER_END = re.compile(
    r"</(answer|final_answer|solution|response|output)>\s*\Z|<\|end_of_solution\|>\s*\Z", re.IGNORECASE
)
_CHANNEL = re.compile(r"(?:<\|start\|>assistant)?<\|channel\|>\s*(\w+)[^<\n]{0,80}<\|message\|>")
_CHANNEL_END = re.compile(r"(?:<\|(?:end|return|call)\|>\s*)+\Z")
_PLAIN_CHANNELS = re.compile(r"\Aanalysis(?=\S)(.*?)(?:assistant)(?:commentary.*?assistant)?final", re.DOTALL)

_BAR = "[|\uff5c]"  # DeepSeek's tokens have a wide bar
_SPECIAL = rf"<{_BAR}[^\s<>|\uff5c]{{1,40}}{_BAR}>"
_END_NAMES = (
    rf"<{_BAR}(?:im_end|eot_id|eom_id|eot|eom|end|return|endoftext|end_of_text|end_of_turn|end\u2581of\u2581sentence"
    rf"|im_sep|END_OF_TURN_TOKEN|END_RESPONSE|EOT|user|observation){_BAR}>"
    r"|<end_of_turn>|<turn\|>|<eos>|</s>|\[EOS\]|<pad>"
)
_END = re.compile(_END_NAMES)
_LAST = re.compile(rf"(?:(?:{_END_NAMES}|{_SPECIAL})\s{{0,3}})+\Z")
_FIRST = re.compile(
    r"\A(?:[\s\ufeff\u200b]|<s>|<bos>|\[/INST\]|<start_of_turn>(?:model|assistant)\n"
    r"|<\|start_header_id\|>assistant<\|end_header_id\|>|<\|im_start\|>assistant\n"
    rf"|(?!<\|(?:think|begin_of_|START_|channel|start)){_SPECIAL}(?!\w))+"
)
_TURN = re.compile(r"\s*(?:<\|im_start\|>|<\|start_header_id\|>|<start_of_turn>|<\|turn>|<s>|\[INST\]|<\|start\|>|\Z)")
_QUOTES = ('"', "'", "`")
MAX_PARTS = 50
"""Tags of thinking that are taken off one answer."""


def split_thinking(text: str) -> tuple[str, str | None]:
    """Return an answer without the model's thinking, and the thinking; None where there is none.

    Thinking that nothing closes goes on to the end: then the answer is empty. Text before a closing tag that nothing
    opened is thinking, too, since chat templates write the opening tag into the prompt.
    """
    if not (_OPEN.search(text) or _CLOSE.search(text) or "<|channel|>" in text or _PLAIN_CHANNELS.match(text)):
        return text, None
    text, thoughts = _split_channels(text)
    for _ in range(MAX_PARTS):
        if parses(strip_tokens(text.replace("\r", ""))):
            break
        part = _find_thinking(text)
        if part is None:
            break
        thoughts.append(part.thought)
        text, more_thoughts = _split_channels(part.before + part.behind)
        thoughts += more_thoughts
    if not thoughts:
        return text, None
    return re.sub(r"\A(?:[ \t]*\r?\n)+", "", text), "\n\n".join(filter(None, map(str.strip, thoughts)))


@dataclass(frozen=True)
class _Thinking:
    before: str
    thought: str
    behind: str


def _find_thinking(text: str) -> _Thinking | None:
    """Return the first part of a text that is thinking, without its tags."""
    start = _FIRST.match(text)
    opening = _OPEN.match(text, start.end() if start else 0)
    if opening:
        close = _find_close(text, opening)
        return _Thinking("", text[opening.end() : close[0]], text[close[1] :])
    blocks = _Blocks(text)
    for tag in sorted([*_OPEN.finditer(text), *_CLOSE.finditer(text)], key=re.Match.start)[:MAX_PARTS]:
        begins, ends = _begins_line(text, tag), _ends_line(text, tag)
        if blocks.holds_as_text(tag) or (blocks.holds(tag) and not (begins and ends)):
            continue
        if tag.re is _CLOSE:
            is_named = _OPEN.search(_line_before(text, tag)) is not None or blocks.opens_before(tag)
            if not is_named:
                return _Thinking("", text[: tag.start()], text[tag.end() :])
        elif begins and not blocks.holds(tag):
            close = _find_close(text, tag)
            if close[1] < len(text) or ends:
                return _Thinking(text[: tag.start()], text[tag.end() : close[0]], text[close[1] :])
    return None


def _find_close(text: str, opening: re.Match[str]) -> tuple[int, int]:
    """Return start and end of the tag that closes an opening one; both the end of the text where none does."""
    name = (opening.groupdict().get("name") or "").lower()
    behind = text[opening.end() :]
    blocks = _Blocks(behind)
    tags = [tag for tag in _CLOSE.finditer(behind) if not blocks.holds_as_text(tag)]
    same = [tag for tag in tags if (tag["name"] or "").lower() == name]
    for tag in [*same, *tags]:
        return opening.end() + tag.start(), opening.end() + tag.end()
    return len(text), len(text)


def _split_channels(text: str) -> tuple[str, list[str]]:
    """Return the final channel of an answer in channels (gpt-oss), and the others; all of another answer."""
    if plain := _PLAIN_CHANNELS.match(text):  # the same where a server leaves the tokens out
        return text[plain.end() :], [plain[1]]
    channels = list(_CHANNEL.finditer(text))
    if not channels or _FIRST.sub("", text[: channels[0].start()]):
        return text, []
    ends = [*(match.start() for match in channels[1:]), len(text)]
    parts = [
        (match[1], _CHANNEL_END.sub("", text[match.end() : end])) for match, end in zip(channels, ends, strict=True)
    ]
    return "".join(part for name, part in parts if name == "final"), [part for name, part in parts if name != "final"]


def strip_tokens(text: str) -> str:
    """Return an answer without tokens that begin or end a turn, turns that follow it, and tags around all of it.

    Args:
        text: without thinking, with line ends of one character.
    """
    if first := _FIRST.match(text):
        removed = first[0]
        text = text[first.end() :] if removed.strip() else text[removed.rfind("\n") + 1 :]
    if last := _LAST.search(text.rstrip()):
        text = text[: last.start()]
    ends = [token.start() for token in _find_ends_of_turn(text)]
    if ends:  # a program may hold a token itself: what is cut off there is no program any more
        text = text[: next((end for end in ends[:MAX_PARTS] if _ends_in_program(text[:end])), ends[0])]
    if wrapper := _WRAPPER.match(text.lstrip()):
        text = text.lstrip()[wrapper.end() :]
    return _WRAPPER_END.sub("", text)


def _find_ends_of_turn(text: str) -> Iterator[re.Match[str]]:
    if parses(text):
        return
    blocks: _Blocks | None = None
    for token in _END.finditer(text):
        blocks = blocks or _Blocks(text)
        is_last = _TURN.match(text, token.end()) is not None
        if (is_last or _begins_line(text, token)) and not blocks.holds_as_text(token):
            yield token


def _ends_in_program(text: str) -> bool:
    blocks = [piece for piece in split_blocks(text) if isinstance(piece, Block)]
    return parses(text) or (bool(blocks) and parses(blocks[-1].code))


class _Blocks:
    """The code blocks of a text, by the places that they take; split only once something is asked."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._blocks: list[Block] | None = None

    def holds_as_text(self, tag: re.Match[str]) -> bool:
        """Return whether a tag begins or ends a quotation, a token is all of one, or a block that parses holds it."""
        before, behind = self._text[: tag.start()], self._text[tag.end() :]
        if before.rstrip().endswith(("```", "~~~")):
            return False
        quotes = before.endswith(_QUOTES), behind.startswith(_QUOTES) and not behind.startswith("```")
        if all(quotes) or (any(quotes) and tag.re is not _END):
            return True
        block = self._block_of(tag)
        return block is not None and parses(block.code)

    def holds(self, tag: re.Match[str]) -> bool:
        """Return whether a tag stands in a block."""
        return self._block_of(tag) is not None

    def opens_before(self, tag: re.Match[str]) -> bool:
        """Return whether the block of a closing tag holds an opening one before it."""
        block = self._block_of(tag)
        if block is None:
            return False
        lines = self._text.split("\n")[block.lines[0] : self._line_of(tag)]
        return _OPEN.search("\n".join(lines)) is not None

    def _line_of(self, tag: re.Match[str]) -> int:
        return self._text.count("\n", 0, tag.start())

    def _block_of(self, tag: re.Match[str]) -> Block | None:
        if self._blocks is None:
            text = self._text.replace("\r", " ")
            self._blocks = [piece for piece in split_blocks(text) if isinstance(piece, Block)]
        line = self._line_of(tag)
        return next((b for b in self._blocks if b.lines[0] < line < b.lines[1] - b.is_closed), None)


def _begins_line(text: str, tag: re.Match[str]) -> bool:
    return _line_before(text, tag).strip() == ""


def _line_before(text: str, tag: re.Match[str]) -> str:
    return text[: tag.start()].rpartition("\n")[2]


def _ends_line(text: str, tag: re.Match[str]) -> bool:
    return text[tag.end() :].partition("\n")[0].strip() == ""
