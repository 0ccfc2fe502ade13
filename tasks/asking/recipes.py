"""How completions are asked for: template, model and sampling under one address, so that SQL can tell them apart."""

from dataclasses import dataclass

from storage.ids import canonical_json, content_id
from storage.rows import ModelColumns
from tasks.asking.answers import READER_VERSION
from tasks.asking.templates import Template
from tasks.models.protocol import Completion, Message, Sampling


@dataclass(frozen=True)
class Recipe:
    """Everything that decides what a stage asks of a model, apart from the row it asks about.

    `upstream` is the id of the recipe whose rows this one builds on: a new diagnosis template makes new repairs, too.
    """

    stage: str
    template: Template
    model: str
    revision: str
    sampling: Sampling
    upstream: str = ""

    @property
    def recipe_id(self) -> str:
        return content_id(
            "recipe",
            stage=self.stage,
            template=self.template.turns,
            model=self.model,
            revision=self.revision,
            sampling=self.sampling.model_dump(mode="json"),
            upstream=self.upstream,
        )

    def columns(self, messages: tuple[Message, ...], completion: Completion) -> ModelColumns:
        """Return the columns that every row written by a model has."""
        return {
            "recipe_id": self.recipe_id,
            "sample_index": completion.sample_index,
            "model": self.model,
            "model_revision": self.revision,
            "template": self.template.version,
            "sampling": canonical_json(self.sampling.model_dump(mode="json")),
            "prompt_hash": content_id("prompt", messages=[[m.role, m.content] for m in messages]),
            "completion": completion.text,
            "finish_reason": completion.finish_reason,
            "prompt_tokens": completion.prompt_tokens,
            "completion_tokens": completion.completion_tokens,
            "reasoning": completion.reasoning,
            "reader_version": READER_VERSION,
        }
