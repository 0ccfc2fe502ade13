"""Lists of tests as data sets for reinforcement learning hold them: LiveCodeBench, DeepCoder and verl."""

from collections.abc import Sequence

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.asserts import convert_asserts
from tasks.ingest.forms.cases import CALL_CONTEXT, convert_cases
from tasks.ingest.forms.fields import (
    build_prompt,
    find_methods,
    list_references,
    read_id,
    read_json,
    read_optional_text,
    read_strings,
    read_text,
)
from tasks.ingest.forms.packed import unpack_tests
from tasks.ingest.forms.pytest_functions import convert_pytest
from tasks.ingest.records import Fields, decode_json
from tasks.ingest.settings import FormSource

_CALLED = ("functional", "function_call")
_RUN = ("stdin", "stdin_stdout", "stdio")
Converted = tuple[str | None, Fields]
"""(entry point, tests)"""


def convert_livecodebench(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of LiveCodeBench, with its public and private tests."""
    starter = read_optional_text(row, "starter_code")
    tests = [*_read_tests(row, "public_test_cases"), *_read_tests(row, "private_test_cases")]
    metadata = read_json(row, "metadata") if row.get("metadata") else {}
    function = metadata.get("func_name") if isinstance(metadata, dict) else None
    entry_point, converted = convert_objects(tests, function, starter, ())
    return {
        "source_id": read_id(row, number, "question_id"),
        "prompt": build_prompt(read_text(row, "question_content"), entry_point, starter),
        "entry_point": entry_point,
        "tests": converted,
        "context": CALL_CONTEXT if entry_point else "",
        "references": [],
    }


def convert_deepcoder(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of DeepCoder (`problem`, `tests`) or of verl (`prompt`, `reward_model`)."""
    reward = row.get("reward_model")
    extra = row.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    if isinstance(reward, str):
        reward = decode_json(reward, allow_nan=True)
    if isinstance(reward, dict):
        tests, question = _read_ground_truth(reward), _read_messages(row)
    else:
        tests, question = read_json(row, "tests"), read_text(row, "problem", "question", "prompt")
    starter = read_optional_text(row, "starter_code") or read_optional_text(extra, "starter_code")
    answers = [*read_strings(row, "solutions"), read_optional_text(row, "solution")]
    answers += [read_optional_text(extra, "reference", "solution"), *read_strings(extra, "solutions")]
    references = list_references(list(filter(None, answers)), settings.references)
    metadata = row.get("metadata")
    metadata = decode_json(metadata, allow_nan=True) if isinstance(metadata, str) and metadata.strip() else metadata
    function = metadata.get("func_name") if isinstance(metadata, dict) else None
    entry_point, converted = convert_tests(tests, function, starter, references)
    prompt = question.strip() if isinstance(reward, dict) else build_prompt(question, entry_point, starter)
    return {
        "source_id": read_id({**extra, **row}, number, "id", "question_id", "index"),
        "prompt": prompt,
        "entry_point": entry_point,
        "tests": converted,
        "context": CALL_CONTEXT if converted["kind"] == "calls" or entry_point == "Solution" else "",
        "references": references,
        "origin": read_optional_text(row, "url", "data_source"),
    }


def convert_tests(tests: object, function: object, starter: str, references: Sequence[str]) -> Converted:
    """Convert the tests of one row, in any of the shapes that rewards of verl take.

    These are a list of {input, output}; an object of inputs and outputs, with `fn_name` for calls; asserts as a list
    or under `assert_case`; pytest functions under `functional` or as plain text; `test_code` with `check(candidate)`.

    Raises:
        UnusableRecordError: the shape is none of these, or the tests can't be run.
    """
    if isinstance(tests, list):
        if all(isinstance(test, str) for test in tests):
            return convert_asserts([str(test) for test in tests], references)
        return convert_objects(tests, function, starter, references)
    if isinstance(tests, str):
        return _convert_code(tests, references)
    if not isinstance(tests, dict):
        raise UnusableRecordError("bad_tests", f"expected a list or an object of tests, got {type(tests).__name__}")
    asserts = tests.get("assert_case")
    if isinstance(asserts, list) and any(isinstance(text, str) and text.strip() for text in asserts):
        return convert_asserts([text for text in asserts if isinstance(text, str) and text.strip()], references)
    for name in ("functional", "pytest", "assert_case"):
        if isinstance(tests.get(name), str) and tests[name].strip():
            return _convert_code(tests[name], references)
    if isinstance(tests.get("test_code"), str):
        return _convert_check(tests)
    if isinstance(tests.get("inputs"), list) and isinstance(tests.get("outputs"), list):
        called = tests.get("fn_name") or function
        return convert_cases(tests["inputs"], tests["outputs"], called, starter, references)
    raise UnusableRecordError(
        "bad_tests", f"unknown tests: an object of {', '.join(sorted(map(str, tests))) or 'none'}"
    )


def convert_objects(tests: Sequence[object], function: object, starter: str, references: Sequence[str]) -> Converted:
    """Convert a list of {input, output}, each with `testtype` or `type`, and with the function's name where called.

    Raises:
        UnusableRecordError: there are no tests, or a call without a function's name.
    """
    records = [test for test in tests if isinstance(test, dict)]
    if len(records) != len(tests):
        raise UnusableRecordError("bad_tests", "expected a list of objects with input and output")
    if not records:
        raise UnusableRecordError("no_tests", "the list of tests is empty")
    kinds = {str(test.get("testtype") or test.get("type") or "stdin") for test in records}
    if len(kinds) > 1 or not kinds <= {*_CALLED, *_RUN}:
        raise UnusableRecordError("unsupported_tests", f"tests of type {', '.join(sorted(kinds))}")
    if missing := [name for name in ("input", "output") if any(name not in test for test in records)]:
        raise UnusableRecordError("bad_tests", f"a test without {missing[0]}")
    named = next((name for name in map(_read_function, records) if name), None) or function
    if kinds & set(_CALLED):
        methods = find_methods(starter)
        named = named or (methods[0] if len(methods) == 1 else None)
        if not named:
            raise UnusableRecordError("no_entry_point", "calls of a function that no field names")
    else:
        named = None
    inputs, outputs = [test["input"] for test in records], [test["output"] for test in records]
    return convert_cases(inputs, outputs, named, starter, references, unwrap="function_call" in kinds)


def _read_function(test: Fields) -> object:
    metadata = test.get("metadata")
    return test.get("fn_name") or (metadata.get("func_name") if isinstance(metadata, dict) else None)


def _read_tests(row: Fields, name: str) -> list[object]:
    """Return the tests of a field: a list, JSON text of one, or that text packed by LiveCodeBench."""
    value = row.get(name)
    if isinstance(value, str) and value.strip():
        value = decode_json(unpack_tests(value), allow_nan=True)
    if value is None or value == "":
        return []
    if not isinstance(value, list):
        raise UnusableRecordError("bad_tests", f"{name}: expected a list of tests, got {type(value).__name__}")
    return value


def _read_ground_truth(reward: Fields) -> object:
    """Return the tests of a reward: values, JSON text (perhaps twice), packed text, or code."""
    value = reward.get("ground_truth")
    for _ in range(2):
        if not isinstance(value, str):
            break
        try:
            value = decode_json(unpack_tests(value), allow_nan=True)
        except UnusableRecordError:
            break
    if value is None or value == "":
        raise UnusableRecordError("missing_field", "reward_model.ground_truth: null or not there")
    return value


def _read_messages(row: Fields) -> str:
    """Return the task of a verl prompt: the messages of the user."""
    prompt = row.get("prompt")
    if isinstance(prompt, str):
        return prompt
    messages = [message for message in prompt if isinstance(message, dict)] if isinstance(prompt, list) else []
    texts = [str(message.get("content") or "") for message in messages if message.get("role", "user") == "user"]
    if not any(text.strip() for text in texts):
        raise UnusableRecordError("missing_field", "prompt: expected a message of the user")
    return "\n\n".join(texts)


def _convert_code(code: str, references: Sequence[str]) -> Converted:
    """Convert a script of asserts or a module of pytest functions."""
    if "def test" in code or "TestCase" in code:
        return convert_pytest(code)
    return convert_asserts([code], references)


def _convert_check(tests: Fields) -> Converted:
    """Convert `test_code` that defines `check(candidate)`, with `import_prefix` and `entry_point` (Skywork)."""
    entry_point = str(tests.get("entry_point") or "")
    if entry_point.startswith("Solution()."):
        code = f"{tests['test_code']}\n\n_check = check\n\n\ndef check(candidate):\n    _check(getattr(candidate(), "
        code += f"{entry_point.removeprefix('Solution().')!r}))\n"
        return "Solution", {"kind": "check", "code": f"{tests.get('import_prefix') or ''}\n{code}".lstrip("\n")}
    code = f"{tests.get('import_prefix') or ''}\n{tests['test_code']}\n"
    return entry_point or None, {"kind": "check", "code": code.lstrip("\n")}
