"""A row as a chat, by one of the templates in prompts/."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tasks.asking.interface import interface
from tasks.asking.templates import Template, load_template


@cache
def template(form: str) -> Template:
    """The template of one form of example."""
    return load_template(Path(__file__).parent, form)


def turns(form: str, row: Mapping[str, Any]) -> list[dict[str, str]]:
    """The turns of a chat as TRL wants them (role, content); the last is the answer to learn."""
    gaps = {k: (v.rstrip() if isinstance(v, str) else v) for k, v in row.items()}
    messages = template(form).render({**gaps, "interface": interface(row["tests"], row["entry_point"])})
    return [{"role": m.role, "content": m.content} for m in messages]
