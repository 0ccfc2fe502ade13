"""Render a program as a chat, by one of the templates in prompts/."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from storage.rows import MessageCell
from tasks.asking.interface import describe_interface
from tasks.asking.templates import Template, load_template

GENERATE = "generate"
"""The form whose answer is one program for the task, with nothing said before."""


@cache
def load_form_template(form: str) -> Template:
    """Load the template of one form of example; read once per process."""
    return load_template(Path(__file__).parent, form)


def render_turns(form: str, values: Mapping[str, str | None], tests: str, entry_point: str | None) -> list[MessageCell]:
    """Render the turns of one example as TRL expects them; the last turn is the answer to learn.

    Args:
        form: name of a template in prompts/.
        values: texts that the template may name; whitespace at their ends is removed.
        tests: the problem's tests as JSON, from which the interface is described.
        entry_point: the name that the tests call, if any.
    """
    texts = {name: text.rstrip() if text is not None else None for name, text in values.items()}
    messages = load_form_template(form).render({**texts, "interface": describe_interface(tests, entry_point)})
    return [{"role": message.role, "content": message.content} for message in messages]


def render_program(code: str, prompt: str, tests: str, entry_point: str | None) -> list[MessageCell]:
    """Render a program as the answer to its task, in the form GENERATE."""
    return render_turns(GENERATE, {"prompt": prompt, "code": code}, tests, entry_point)
