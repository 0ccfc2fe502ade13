"""What a prompt says of the tests: the signature they need, by one visible example; never the whole suite."""

from collections.abc import Iterator

from judge.problems import TESTS, Asserts, Calls, Stdio

SHOWN_CHARS = 800  # a longer example teaches no signature and costs every sample of the prompt


def interface(tests_json: str, entry_point: str | None) -> str:
    """A line or two that let a program be called by its tests; empty where the prompt must say it all.

    The first assert, call or case that is not too long is shown, as MBPP's own prompts do: without it a program
    can't know the function's name or the order of its arguments.
    """
    shown = next((example for example in _examples(tests_json, entry_point) if len(example) <= SHOWN_CHARS), None)
    if shown is not None:
        return shown
    return f"The program must define `{entry_point}`." if entry_point else ""


def _examples(tests_json: str, entry_point: str | None) -> Iterator[str]:
    tests = TESTS.validate_json(tests_json)
    match tests:
        case Asserts(setup=setup, asserts=asserts):
            lead = "\n".join(filter(None, ("Your code should satisfy this test:", setup.strip())))
            yield from (f"{lead}\n{text.strip()}" for text in asserts)
        case Calls(cases=cases) if entry_point:
            for call in cases:
                given = ", ".join([*map(repr, call.args), *(f"{k}={v!r}" for k, v in call.kwargs.items())])
                yield f"Your code should satisfy this test:\nassert {entry_point}({given}) == {call.expected!r}"
        case Stdio(cases=cases):
            for case in cases:
                example = f"Input:\n{case.input.rstrip()}\nOutput:\n{case.output.rstrip()}"
                yield f"Read from standard input and print to standard output.\n{example}"
