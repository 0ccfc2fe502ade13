"""Describe to a model the interface that the tests need: one visible example, never the whole suite."""

from collections.abc import Iterator, Mapping, Sequence

from judge.problems import TESTS, Asserts, Calls, Checker, Stdio

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
                text = _write_call(entry_point, call.args, call.kwargs)
                yield f"Your code should satisfy this test:\nassert {text} == {call.expected!r}"
        case Stdio(cases=cases):
            for case in cases:
                example = f"Input:\n{case.input.rstrip()}\nOutput:\n{case.output.rstrip()}"
                yield f"Read from standard input and print to standard output.\n{example}"
        case Checker():
            for checked in tests.cases:
                if tests.calls and entry_point:
                    text = _write_call(entry_point, checked.args or (), checked.kwargs or {})
                    yield f"Your code is called like this; a checker decides whether its result is right:\n{text}"
                elif not tests.calls:
                    lead = (
                        "Read from standard input and print to standard output; a checker decides whether it is right."
                    )
                    yield f"{lead}\nInput:\n{(checked.input or '').rstrip()}"


def _write_call(entry_point: str, args: Sequence[object], kwargs: Mapping[str, object]) -> str:
    arguments = ", ".join([*map(repr, args), *(f"{name}={value!r}" for name, value in kwargs.items())])
    return f"{entry_point}({arguments})"
