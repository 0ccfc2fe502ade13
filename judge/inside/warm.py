"""Import what each kind of fork server needs before it serves, so that no job pays for it.

`threading` is not among it, nor any module that imports it: its work after each fork takes 0.3 ms. Importing it where
it is needed takes less.
"""

# ruff: noqa: F401
import abc
import array
import bisect
import calendar
import cmath
import collections
import collections.abc
import contextlib
import copy
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import heapq
import io
import itertools
import json
import math
import operator
import random
import re
import statistics
import string
import sys
import textwrap
import time
import traceback
import types
import typing
from collections.abc import Callable


def load_main(role: str) -> Callable[[], None]:
    """Import the modules of a role (`driver`, `candidate` or `native`); return what a forked job of it runs."""
    sys.set_int_max_str_digits(0)  # the limits of a job bound such work; tests and programs have large integers
    # Here, not above: each server loads the modules of its own role alone, and no program finds the driver's.
    if role == "driver":
        from . import driver_main, unit

        return driver_main.main
    from . import candidate

    candidate.prepare_interpreter()
    if role == "native":
        from . import native

        return native.main
    return candidate.main
