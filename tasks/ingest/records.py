"""Decode records and check them: everything that is required of a problem, whatever source it came from."""

import ast
import json
from typing import NoReturn, TypeVar

from pydantic import ValidationError

from judge.problems import Asserts, Calls, Check, UnitTest, Untested
from storage.ids import canonical_json
from storage.settings import explain_validation
from tasks.ingest.dropped import Reason, UnusableRecordError
from tasks.reading.problem import Problem
from tasks.reading.python_text import find_definitions, parse

Fields = dict[str, object]
"""One record as JSON values by field name."""
T = TypeVar("T")

_REASONS: dict[str, Reason] = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "union_tag_invalid": "unknown_kind",
    "union_tag_not_found": "unknown_kind",
    "string_unicode": "bad_text",
}
"""Drop reasons by pydantic's type of error; any other type is `bad_value`."""


def decode_line(line: bytes, allow_nan: bool = False) -> Fields:
    """Decode one line of JSON that holds an object; `allow_nan` as for `decode_json`.

    Raises:
        UnusableRecordError: the line is not UTF-8, not JSON, or not an object.
    """
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableRecordError("not_utf8", f"byte {error.start} is no UTF-8") from None
    fields = decode_json(text, allow_nan)
    if not isinstance(fields, dict):
        raise UnusableRecordError("not_an_object", f"expected a JSON object, got {type(fields).__name__}")
    return fields


def decode_json(text: str, allow_nan: bool = False) -> object:
    """Decode any JSON value.

    Args:
        allow_nan: read NaN and infinities, as Python writes them; `build_problem` refuses those that a problem holds.

    Raises:
        UnusableRecordError: the text is not JSON, nests too deep, or holds NaN or an infinity.
    """
    try:
        value: object = json.loads(text, parse_constant=None if allow_nan else _reject_constant)
    except json.JSONDecodeError as error:
        raise UnusableRecordError("not_json", f"column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise UnusableRecordError("not_json", "nested too deep") from None
    return value


def require_field(fields: Fields, name: str, kind: type[T]) -> T:
    """Return a field that must be present and of type `kind`.

    Raises:
        UnusableRecordError: it is missing or has another type.
    """
    if name not in fields:
        raise UnusableRecordError("missing_field", f"{name}: field required")
    value = fields[name]
    if not isinstance(value, kind):
        raise UnusableRecordError("bad_value", f"{name}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def require_strings(fields: Fields, name: str) -> tuple[str, ...]:
    """Return a field that must be a list of strings.

    Raises:
        UnusableRecordError: it is missing or holds anything else.
    """
    values = require_field(fields, name, list)
    if not all(isinstance(value, str) for value in values):
        raise UnusableRecordError("bad_value", f"{name}: expected a list of strings")
    return tuple(values)


def build_problem(fields: Fields) -> Problem:
    """Build a problem and check that its tests can decide something.

    Raises:
        UnusableRecordError: a field is missing, unknown or wrong, or the tests can decide nothing.
    """
    try:
        problem = Problem.model_validate(fields)
        canonical_json(problem.model_dump(mode="python")).encode("utf-8")
    except ValidationError as error:
        raise UnusableRecordError(_find_reason(error), explain_validation(error, Problem)) from None
    except UnicodeEncodeError as error:
        raise UnusableRecordError("bad_text", f"holds a lone surrogate: {error.object[error.start]!a}") from None
    except ValueError:
        raise UnusableRecordError("not_finite", "holds a number that is not finite") from None
    except RecursionError:
        raise UnusableRecordError("bad_value", "nested too deep") from None
    except TypeError as error:
        raise UnusableRecordError("bad_value", f"holds what JSON can't carry: {error}") from None
    _check_tests(problem)
    return problem


def _check_tests(problem: Problem) -> None:
    tests = problem.tests
    if isinstance(tests, Untested):
        raise UnusableRecordError(
            "no_tests", "tests of kind none: a problem that is read from a file comes with its tests"
        )
    if isinstance(tests, Check | Calls) and problem.entry_point is None:
        raise UnusableRecordError(
            "no_entry_point", f"tests of kind {tests.kind} call the entry point, and there is none"
        )
    _require_python("context", problem.context)
    if isinstance(tests, Asserts):
        _require_python("tests.setup", tests.setup)
        for number, text in enumerate(tests.asserts):
            tree = _require_python(f"tests.asserts.{number}", text)
            if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
                raise UnusableRecordError("bad_tests", f"tests.asserts.{number} asserts nothing")
    elif isinstance(tests, Check):
        if "check" not in find_definitions(_require_python("tests.code", tests.code)):
            raise UnusableRecordError("bad_tests", "tests.code defines no function `check`")
    elif isinstance(tests, UnitTest):
        definitions = find_definitions(_require_python("tests.code", tests.code)).values()
        members = [
            node for definition in definitions if isinstance(definition, ast.ClassDef) for node in definition.body
        ]
        if not any(isinstance(node, ast.FunctionDef) and node.name.startswith("test") for node in members):
            raise UnusableRecordError("bad_tests", "tests.code has no class with a method named test...")


def _require_python(field: str, code: str) -> ast.Module:
    tree = parse(code)
    if tree is None:
        raise UnusableRecordError("bad_tests", f"{field} is no Python 3")
    return tree


def _find_reason(error: ValidationError) -> Reason:
    first = error.errors(include_url=False)[0]
    if first["type"] == "too_short" and first["loc"][:1] == ("tests",):
        return "no_tests"
    return _REASONS.get(first["type"], "bad_value")


def _reject_constant(constant: str) -> NoReturn:
    raise UnusableRecordError("not_finite", f"holds {constant}")
