"""A problem as people exchange it: one JSON object a line, with one of five kinds of tests, or none."""

import json

from pydantic import Field, field_validator

from judge.problems import Tests
from storage.ids import content_id
from storage.settings import Settings


class Problem(Settings):
    """One programming task with the tests it came with."""

    source: str = Field(min_length=1)
    source_id: str = Field(min_length=1)
    prompt: str = Field(min_length=1)
    entry_point: str | None
    """Name that the tests call; null for stdio, and where the tests name everything themselves."""
    tests: Tests
    context: str = ""
    """Code that stands before every solution (imports, helpers the prompt promises)."""
    reference: str | None = None
    licence: str = Field(min_length=1)
    origin: str | None = None
    """Where it was taken from: a URL, a file of a data set, a commit."""

    @field_validator("entry_point")
    @classmethod
    def _identifier(cls, name: str | None) -> str | None:
        if name is not None and not all(part.isidentifier() for part in name.split(".")):
            raise ValueError("expected the name of a function or class")
        return name

    @property
    def problem_id(self) -> str:
        """Address of what a program is written for and judged by; reference, licence and origin may be mended later."""
        return content_id(
            "problem",
            source=self.source,
            source_id=self.source_id,
            prompt=self.prompt,
            entry_point=self.entry_point,
            context=self.context,
            tests=self.tests.model_dump(mode="json"),
        )

    @property
    def tests_json(self) -> str:
        """The tests as one JSON text, as the table keeps them."""
        return json.dumps(self.tests.model_dump(mode="json"), ensure_ascii=False)
