"""MBPP+ and HumanEval+ in their release form: base and plus inputs, judged against the reference's own results.

EvalPlus states an oracle for each problem (evalplus/eval/__init__.py and _special_oracle.py, Apache-2.0). Most compare
with the reference's result, floats within a tolerance. The tests here do the same: their setup holds the reference,
which runs in the driver, in the sandbox. The form with written-out test code (OriginFmt) is not read, because some of
its tests assert nothing.
"""

from tasks.ingest.dropped import UnusableRecordError
from tasks.ingest.forms.mbpp_inputs import restore_inputs
from tasks.ingest.records import Fields, require_field
from tasks.ingest.settings import FormSource
from tasks.reading.python_text import cut_before_definition

_SETS = frozenset({
    "similar_elements", "find_char_long", "common_in_nested_lists", "extract_singly", "larg_nnum", "intersection_array",
    "find_dissimilar", "Diff",
})  # fmt: skip
"""Functions of MBPP+ whose results are compared as sets."""
_FOUND = frozenset({"check_str", "text_match_three", "text_starta_endb"})
"""Functions of MBPP+ of which only counts whether they return something."""
_SETUP = """\
_space = {{"__name__": "reference"}}
exec({source!r}, _space)


class Near:
    \"\"\"A result, equal to itself and to what lies within the tolerance of it.\"\"\"

    def __init__(self, *values):
        self.values = values

    def __eq__(self, other):
        return any(other == value or self._is_close(other, value) for value in self.values)

    def __repr__(self):
        return " or ".join(map(repr, self.values))

    def _is_close(self, actual, value):
        floats = value if isinstance(value, (list, tuple)) else [value]
        atol = {atol!r} or (1e-06 if all(isinstance(item, float) for item in floats) else 0)
        return bool(atol) and type(actual) is type(value) and is_close(actual, value, atol)


def is_close(actual, value, atol):
    if isinstance(value, (list, tuple)):
        alike = isinstance(actual, (list, tuple)) and len(actual) == len(value)
        return alike and all(is_close(a, v, atol) for a, v in zip(actual, value))
    if not isinstance(value, (int, float, complex)) or not isinstance(actual, (int, float, complex)):
        return False
    return actual == value or abs(actual - value) <= atol + 1e-07 * abs(value) < float("inf")


def reference(*args):
    return _space[{name!r}](*args)


def expected(*args):
    return Near({values})
"""
_OTHER_ANSWERS = {
    "surface_Area": """\


def second_reading(base_edge, height):
    \"\"\"Read the height as the distance from the base to the apex.\"\"\"
    slant_height = ((base_edge / 2) ** 2 + height**2) ** 0.5
    return round(base_edge**2 + 4 * (base_edge * slant_height) / 2)
""",
    "digit_distance_nums": """\


def second_reading(num1, num2):
    \"\"\"Fill up the shorter number with zeros.\"\"\"
    length = max(len(str(num1)), len(str(num2)))
    return sum(abs(int(a) - int(b)) for a, b in zip(str(num1).zfill(length), str(num2).zfill(length)))
""",
}
"""Functions of MBPP+ with a second right answer, and the code of it."""
_POLY = """\
def poly(xs, x):
    return sum(coefficient * x**power for power, coefficient in enumerate(xs))
"""


def convert_humanevalplus(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of HumanEval+; prompt, context and reference are those of HumanEval."""
    name, prompt = require_field(row, "entry_point", str), require_field(row, "prompt", str)
    reference = prompt + require_field(row, "canonical_solution", str)
    context = cut_before_definition(reference, name)
    if context is None:
        raise UnusableRecordError("no_entry_point", f"prompt and solution together define no {name!a}")
    fields = _convert(row, name, reference, _read_inputs(row, settings.plus), settings)
    return {**fields, "prompt": prompt, "context": context}


def convert_mbppplus(row: Fields, number: int, settings: FormSource) -> Fields:
    """Return the problem of a row of MBPP+, with the tuples and sets that JSON cannot say."""
    _refuse_test_code(row)
    name = require_field(row, "entry_point", str)
    if name == "are_equivalent":
        raise UnusableRecordError("bad_tests", "EvalPlus accepts every answer to it")
    reference = require_field(row, "canonical_solution", str)
    task_id = require_field(row, "task_id", str)
    try:
        inputs = restore_inputs(task_id, _read_inputs(row, settings.plus))
    except (TypeError, ValueError, IndexError, AttributeError) as error:
        raise UnusableRecordError("bad_tests", f"inputs are not those of {task_id}: {error}") from None
    prompt = require_field(row, "prompt", str).strip().removeprefix('"""').removesuffix('"""').strip()
    return {**_convert(row, name, reference, inputs, settings), "prompt": prompt}


def _convert(row: Fields, name: str, reference: str, inputs: list[list[object]], settings: FormSource) -> Fields:
    if cut_before_definition(reference, name) is None:
        raise UnusableRecordError("no_entry_point", f"canonical_solution defines no {name!a}")
    atol = row.get("atol", 0)
    if isinstance(atol, bool) or not isinstance(atol, int | float):
        raise UnusableRecordError("bad_value", f"atol: expected a number, got {type(atol).__name__}")
    asserts = list(dict.fromkeys(_write_assert(name, ", ".join(map(repr, args)), atol) for args in inputs))
    return {
        "source_id": require_field(row, "task_id", str),
        "entry_point": name,
        "tests": {"kind": "asserts", "setup": _write_setup(name, reference, atol, asserts), "asserts": asserts},
        "references": [reference],
    }


def _write_assert(name: str, arguments: str, atol: float) -> str:
    call = f"{name}({arguments})"
    if name == "find_zero":
        return f"assert abs(poly({arguments}, {call})) <= {atol!r}"
    if name in _SETS:
        return f"assert set({call}) == set(reference({arguments}))"
    if name in _FOUND:
        return f"assert found({call}) == (reference({arguments}) is not None)"
    if name == "sum_div":
        return f"assert {call} in (reference({arguments}), 0)"
    return f"assert {call} == expected({arguments})"


def _write_setup(name: str, reference: str, atol: float, asserts: list[str]) -> str:
    if name == "find_zero":
        return _POLY
    values = "reference(*args), second_reading(*args)" if name in _OTHER_ANSWERS else "reference(*args)"
    setup = _SETUP.format(source=reference, name=name, atol=atol, values=values) + _OTHER_ANSWERS.get(name, "")
    if name in _FOUND:
        setup += "\n\ndef found(answer):\n    return answer if isinstance(answer, bool) else answer is not None\n"
    texts = " ".join(asserts)
    constants = [f'{word} = float("{word}")\n' for word in ("inf", "nan") if word in texts]
    return "".join(constants) + setup


def _read_inputs(row: Fields, plus: bool) -> list[list[object]]:
    """Return the arguments of every call; a problem without plus inputs has an empty list, or an empty object."""
    inputs: list[object] = require_field(row, "base_input", list)
    if plus and row.get("plus_input") != {}:
        inputs = [*inputs, *require_field(row, "plus_input", list)]
    if not inputs:
        raise UnusableRecordError("no_tests", "base_input: expected at least one input")
    if not all(isinstance(arguments, list) for arguments in inputs):
        raise UnusableRecordError("bad_tests", "base_input or plus_input: expected a list of arguments per call")
    return [arguments for arguments in inputs if isinstance(arguments, list)]


def _refuse_test_code(row: Fields) -> None:
    if "base_input" not in row and "test" in row and "code" in row:
        raise UnusableRecordError("unsupported_tests", "written-out test code; expected the release form")
