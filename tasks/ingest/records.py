"""From fields to a Problem: everything that is asked of a problem whatever source it came from."""

import ast
import json
from typing import Any, NoReturn, TypeVar

from pydantic import ValidationError

from judge.problems import Asserts, Calls, Check, UnitTest, Untested
from storage.ids import canonical
from storage.settings import explain
from tasks.ingest.dropped import Reason, UnusableError
from tasks.reading.problem import Problem
from tasks.reading.python_text import find_definitions, parse

Fields = dict[str, Any]
T = TypeVar("T")

_REASONS: dict[str, Reason] = {
    "missing": "missing_field",
    "extra_forbidden": "unknown_field",
    "union_tag_invalid": "unknown_kind",
    "union_tag_not_found": "unknown_kind",
    "string_unicode": "bad_text",
}


def decoded(line: bytes) -> Fields:
    """One line of JSON as an object; raises UnusableError where it is none."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnusableError("not_utf8", f"byte {error.start} is no UTF-8") from None
    row = decoded_text(text)
    if not isinstance(row, dict):
        raise UnusableError("not_an_object", f"expected a JSON object, got {type(row).__name__}")
    return row


def decoded_text(text: str) -> Any:
    """Any JSON value; raises UnusableError."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise UnusableError("not_json", f"column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise UnusableError("not_json", "nested too deep") from None
    except ValueError as error:  # an integer of more digits than Python converts
        raise UnusableError("bad_value", str(error)) from None


def required(row: Fields, field: str, kind: type[T]) -> T:
    """A field that must be there and of that type; raises UnusableError."""
    if field not in row:
        raise UnusableError("missing_field", f"{field}: field required")
    value = row[field]
    if not isinstance(value, kind):
        raise UnusableError("bad_value", f"{field}: expected {kind.__name__}, got {type(value).__name__}")
    return value


def texts(row: Fields, field: str) -> tuple[str, ...]:
    """A list of strings that must be there; raises UnusableError."""
    values = required(row, field, list)
    if not all(isinstance(value, str) for value in values):
        raise UnusableError("bad_value", f"{field}: expected a list of strings")
    return tuple(values)


def problem(fields: Fields) -> Problem:
    """Check the fields of a problem, and that its tests can decide something; raises UnusableError."""
    try:
        made = Problem.model_validate(fields)
        canonical(made.model_dump(mode="python")).encode("utf-8")
    except ValidationError as error:
        raise UnusableError(_reason(error), explain(error, Problem)) from None
    except UnicodeEncodeError as error:
        raise UnusableError("bad_text", f"holds a lone surrogate: {error.object[error.start]!a}") from None
    except ValueError:
        raise UnusableError("not_finite", "holds a number that is not finite") from None
    except RecursionError:
        raise UnusableError("bad_value", "nested too deep") from None
    except TypeError as error:
        raise UnusableError("bad_value", f"holds what JSON can't carry: {error}") from None
    _check_tests(made)
    return made


def _check_tests(made: Problem) -> None:
    tests = made.tests
    if isinstance(tests, Untested):
        raise UnusableError("no_tests", "tests of kind none: a problem that is read from a file comes with its tests")
    if isinstance(tests, Check | Calls) and made.entry_point is None:
        raise UnusableError("no_entry_point", f"tests of kind {tests.kind} call the entry point, and there is none")
    _parsed("context", made.context)
    if isinstance(tests, Asserts):
        _parsed("tests.setup", tests.setup)
        for number, text in enumerate(tests.asserts):
            tree = _parsed(f"tests.asserts.{number}", text)
            if not any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
                raise UnusableError("bad_tests", f"tests.asserts.{number} asserts nothing")
    elif isinstance(tests, Check):
        if "check" not in find_definitions(_parsed("tests.code", tests.code)):
            raise UnusableError("bad_tests", "tests.code defines no function `check`")
    elif isinstance(tests, UnitTest):
        classes = find_definitions(_parsed("tests.code", tests.code)).values()
        methods = [node for found in classes if isinstance(found, ast.ClassDef) for node in found.body]
        if not any(isinstance(node, ast.FunctionDef) and node.name.startswith("test") for node in methods):
            raise UnusableError("bad_tests", "tests.code has no class with a method named test...")


def _parsed(field: str, code: str) -> ast.Module:
    tree = parse(code)
    if tree is None:
        raise UnusableError("bad_tests", f"{field} is no Python 3")
    return tree


def _reason(error: ValidationError) -> Reason:
    first = error.errors(include_url=False)[0]
    if first["type"] == "too_short" and first["loc"][:1] == ("tests",):
        return "no_tests"
    return _REASONS.get(first["type"], "bad_value")


def _refuse(constant: str) -> NoReturn:
    raise UnusableError("not_finite", f"holds {constant}")
