"""What becomes an example."""

from typing import Literal

from pydantic import Field

from storage.settings import Settings

Form = Literal["repair", "explain_repair", "generate"]


class AssembleSettings(Settings):
    """Of the data set debugging_sft, made from the whole lake."""

    forms: tuple[Form, ...] = Field(("repair", "explain_repair", "generate"), min_length=1)
    """repair and explain_repair are LeDex's two instructions; generate is the right first attempts mixed in."""
    first_attempts: int | None = Field(None, ge=1)
    """Right first attempts per problem at most; null takes all that differ."""
    shared: bool = False
    """Also take programs that were judged in one process with their tests (flag `shared`)."""
