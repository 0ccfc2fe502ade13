"""What each kind of fork server imports before it serves, so that no job pays for it.

Not `threading`, nor what imports it: what it does after every fork costs 0.3 ms, more than to import it where needed.
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
import textwrap
import time
import traceback
import types
import typing
from collections.abc import Callable


def main_of(role: str) -> Callable[[], None]:
    """What a forked job of this role runs."""
    if role == "driver":
        from . import driver, kinds, unit

        return driver.main
    from . import candidate

    candidate.prepare()
    return candidate.main
