"""What is normal for a problem, as the run of its reference shows it."""

from typing import Literal

from judge.records import JudgeRecord

RunIsolation = Literal["separate", "native"]
"""Tests and program in two processes that share one wire; or in one, with Python's own semantics."""


class Calibration(JudgeRecord):
    """How a problem is judged, and what its reference did; stored per problem and judge version as JSON.

    >>> from judge.calibration import Calibration
    >>> Calibration.model_validate_json('{"isolation": "native", "controls": [0, 2]}').controls
    (0, 2)
    """

    isolation: RunIsolation = "separate"
    """`separate` where the reference passes there, else `native`."""
    asked: dict[str, tuple[str, ...]] = {}
    """By the name of a test, the questions that objects of the reference answered in it (`eq`, `contains` ...)."""
    skipped: tuple[str, ...] = ()
    """Tests of unittest that the reference skips, too."""
    controls: tuple[int, ...] | None = None
    """Numbers of the controls (judge/controls.py) that the reference fails, as every honest program must. None if no
    reference has tried them: then only those are used that no honest program can pass."""
