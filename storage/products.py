"""The products that a run may make."""

from typing import Literal

Product = Literal["debugging", "preference"]
