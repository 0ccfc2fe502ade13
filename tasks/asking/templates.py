"""Prompt templates: readable files of turns, rendered by Jinja, versioned by their text."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

import jinja2
from jinja2 import Environment, StrictUndefined, TemplateError, TemplateSyntaxError

from storage.errors import ConfigError
from storage.ids import content_id
from tasks.models.protocol import Message, Role

_TURN = re.compile(r"^<\|(\w+)\|>[ \t]*\n", re.MULTILINE)
_JINJA = Environment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=False)  # noqa: S701 no HTML


@cache
def _compile(text: str) -> jinja2.Template:
    return _JINJA.from_string(text)


@dataclass(frozen=True)
class Template:
    """One chat with gaps. The turns are cut before rendering, so nothing that fills a gap can forge a turn."""

    name: str
    turns: tuple[tuple[Role, str], ...]

    @property
    def version(self) -> str:
        """`name@hash`: a changed word makes another recipe, and so new rows."""
        return f"{self.name}@{content_id('template', turns=self.turns)[:12]}"

    def render(self, values: Mapping[str, Any]) -> tuple[Message, ...]:
        """The messages, gaps filled.

        Raises:
            ConfigError: the template names a value that its stage does not offer, or does with it what can't be done.
        """
        try:
            return tuple(Message(role, _compile(text).render(values).strip()) for role, text in self.turns)
        except (TemplateError, TypeError, ArithmeticError) as error:
            raise ConfigError(f"template {self.name}: {error}; it may use {', '.join(sorted(values))}") from None


def load_template(stage: Path, name: str) -> Template:
    """Load a shipped template of a stage, or one of the user's.

    Args:
        stage: the folder of the stage.
        name: `chat` is prompts/chat.jinja of that folder, `diagnose/explain` that of another stage; a name that ends
            in .jinja is a path.

    Raises:
        ConfigError: no such file, no turn in it, an unknown role, or a fault of syntax.
    """
    *other, shipped = name.split("/")
    folder = (stage.parent / other[0] if other else stage) / "prompts"
    path = Path(name) if name.endswith(".jinja") else folder / f"{shipped}.jinja"
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        known = ", ".join(sorted(p.stem for p in folder.glob("*.jinja")))
        raise ConfigError(f"{path}: no readable template; shipped ones are {known}; a path ends in .jinja") from None
    head, *parts = _TURN.split(text)
    roles, bodies = parts[::2], parts[1::2]
    if head.strip() or not roles:
        raise ConfigError(f"{path}: expected turns that begin with a line <|system|>, <|user|> or <|assistant|>")
    for role, body in zip(roles, bodies, strict=True):
        if role not in get_args(Role):
            raise ConfigError(f"{path}: unknown turn <|{role}|>, expected one of {', '.join(get_args(Role))}")
        try:
            _compile(body)
        except TemplateSyntaxError as error:
            raise ConfigError(f"{path}: turn <|{role}|>, its line {error.lineno}: {error.message}") from None
    return Template(path.stem, tuple(zip(roles, bodies, strict=True)))  # type: ignore[arg-type] # checked just above
