"""What each kind of fork server imports before it serves, so that no job pays for it."""

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
import queue
import random
import re
import statistics
import string
import textwrap
import threading
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

    return candidate.main
