"""Restore what JSON cannot say in the inputs of MBPP+: tuples, sets and complex numbers.

The ids are those of `mbpp_deserialize_inputs` in evalplus/data/mbpp.py (Apache-2.0).
"""

from typing import Any

_ARGUMENTS = frozenset({
    2, 116, 132, 143, 222, 261, 273, 394, 399, 421, 424, 429, 470, 560, 579, 596, 616, 630, 726, 740, 744, 809,
})  # fmt: skip
"""Each argument is a tuple."""
_ITEMS = frozenset({63, 64, 70, 94, 120, 237, 272, 299, 400, 409, 417, 438, 473, 614, 780})
"""Each item of each argument is a tuple."""
_ITEMS_OF_FIRST = frozenset({75, 413, 444, 753})
_FIRST = frozenset({250, 307, 405, 446, 617, 720, 763, 808})
_SECOND = frozenset({106, 750})
_ARGUMENTS_AND_ITEMS = frozenset({259, 401, 445})
_EVERYTHING = frozenset({580, 615, 791})


def restore_inputs(task_id: str, inputs: list[list[Any]]) -> list[list[Any]]:
    """Return the arguments of every call with the types that the problem of this id (`Mbpp/2`) takes.

    Raises:
        TypeError, ValueError, IndexError, AttributeError: the inputs are not those of this problem.
    """
    number = int(task_id.rpartition("/")[2])
    return [_restore(number, list(arguments)) for arguments in inputs]


def _restore(number: int, args: list[Any]) -> list[Any]:
    if number in _ARGUMENTS:
        return [tuple(value) for value in args]
    if number in _ITEMS:
        return [_to_tuples(value) for value in args]
    if number in _ITEMS_OF_FIRST:
        return [_to_tuples(args[0]), *args[1:]]
    if number in _FIRST:
        return [tuple(args[0]), *args[1:]]
    if number in _SECOND:
        return [args[0], tuple(args[1])]
    if number in _ARGUMENTS_AND_ITEMS:
        return [tuple(_to_tuples(value)) for value in args]
    if number in _EVERYTHING:
        return [_to_tuple(value) for value in args]
    match number:
        case 115:
            return [[set(item) if isinstance(item, list) and item else {} for item in args[0]]]
        case 124:
            return [float(args[0]), complex(args[1])]
        case 252:
            return [complex(args[0])]
        case 278:
            return [tuple(tuple(item) if isinstance(item, list) else item for item in args[0])]
        case 722:
            return [{key: tuple(value) for key, value in args[0].items()}, *args[1:]]
    return args


def _to_tuples(values: list[Any]) -> list[Any]:
    return [tuple(value) for value in values]


def _to_tuple(value: Any) -> Any:
    return tuple(map(_to_tuple, value)) if isinstance(value, list) else value
