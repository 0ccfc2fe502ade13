"""Describe to a model the interface that the tests need: one visible example, never the whole suite."""

from collections.abc import Iterator

from judge.problems import TESTS, Asserts, Calls, Stdio

SHOWN_CHARS = 800  # a longer example teaches no signature and costs every sample of the prompt


def describe_interface(tests_json: str, entry_point: str | None) -> str:
    """Return the lines of a prompt that let its tests call a program; empty where the tests need no name.

    The first assert, call or case of at most SHOWN_CHARS is shown, as in MBPP's own prompts: without it a model cannot
    know the function's name or the order of its arguments.
    """
    for example in _examples(tests_json, entry_point):
        if len(example) <= SHOWN_CHARS:
            return example
    return f"The program must define `{entry_point}`." if entry_point else ""


def _examples(tests_json: str, entry_point: str | None) -> Iterator[str]:
    tests = TESTS.validate_json(tests_json)
    match tests:
        case Asserts(setup=setup, asserts=asserts):
            lead = "\n".join(filter(None, ("Your code should satisfy this test:", setup.strip())))
            yield from (f"{lead}\n{text.strip()}" for text in asserts)
        case Calls(cases=cases) if entry_point:
            for call in cases:
                arguments = ", ".join([*map(repr, call.args), *(f"{k}={v!r}" for k, v in call.kwargs.items())])
                yield f"Your code should satisfy this test:\nassert {entry_point}({arguments}) == {call.expected!r}"
        case Stdio(cases=cases):
            for case in cases:
                example = f"Input:\n{case.input.rstrip()}\nOutput:\n{case.output.rstrip()}"
                yield f"Read from standard input and print to standard output.\n{example}"
