"""How a data set leaves the lake; configs/publish/NAME.yaml."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from storage.publication import Split
from storage.settings import Settings
from tasks.publish.gates import (
    AnyGate,
    ContaminationGate,
    DriftGate,
    RateGate,
    SchemaGate,
)

DataSet = Literal["debugging_sft", "preference_correctness", "preference_efficiency", "preference_kto"]


class CleanSettings(Settings):
    """What is left out of a publication, and how the rest is dealt into splits."""

    near_duplicate: float = Field(0.9, gt=0, le=1)
    """Jaccard similarity from which two rows are one: that of their prompts and of each of their programs."""
    family: float = Field(0.7, gt=0, le=1)
    """Jaccard similarity of two prompts from which their problems may not stand in two splits."""
    shared_program_tokens: int = Field(60, ge=1)
    """Problems that have a program of at least so many tokens in common are one family, too."""
    benchmarks: tuple[Path, ...] = ()
    """Files of tasks that nothing published may hold: HumanEval's and MBPP's, our own problems, or any JSONL."""
    mbpp_ids: tuple[int, int] | None = (11, 510)
    """First and last task_id that count of a file of MBPP (11 to 510 are its test split); null: all."""
    prompt_ngram: int = Field(2, ge=1, le=50)
    """Longest run of words by which prompts are compared with benchmarks."""
    prompt_overlap: float = Field(0.5, gt=0, le=1)
    """Weighted share of a benchmark's prompt from which a prompt alone tells its task (docs/decontamination.md)."""
    code_ngram: int = Field(12, ge=1, le=500)
    """Tokens in a row by which programs are compared with benchmarks."""
    code_overlap: float = Field(0.5, gt=0, le=1)
    """Share of a benchmark's solution from which a program alone is one; less of both adds up."""
    licences: tuple[str, ...] | None = Field(None, min_length=1)
    """SPDX names of the licences that may be published; null: any."""
    drop_secrets: bool = True
    """Leave out rows that hold keys, tokens or passwords."""
    drop_personal_data: bool = True
    """Leave out rows made of mined code that hold e-mail addresses, telephone numbers, IP addresses, home folders."""
    train: float = Field(0.9, ge=0, le=1)
    """Share of the problems."""
    validation: float = Field(0.05, ge=0, le=1)
    """Share of the problems."""
    test: float = Field(0.05, ge=0, le=1)
    """Share of the problems; the three sum to 1."""
    seed: int = 0
    """Another one deals all problems anew."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("expected train, validation and test to sum to 1")
        if self.near_duplicate < self.family:
            raise ValueError("expected near_duplicate to be at least as large as family: rows are compared in families")
        if self.mbpp_ids is not None and self.mbpp_ids[0] > self.mbpp_ids[1]:
            raise ValueError("expected mbpp_ids to be the first and the last id")
        return self

    @property
    def shares(self) -> dict[Split, float]:
        """Of the splits."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


class PublishSettings(Settings):
    """Cleaning, gates and the card of one data set."""

    title: str = Field("", pattern=r"^[^\r\n]*$")
    """Headline of the card; empty: the data set's name."""
    summary: str = ""
    """First paragraph of the card, Markdown; empty: what the data set is, in a sentence."""
    clean: CleanSettings = CleanSettings()
    """What is left out: near-duplicates, benchmark items, licences, secrets."""
    gates: tuple[AnyGate, ...] = (
        RateGate(kind="rate", of="infra", most=0.02),
        RateGate(kind="rate", of="tampered", most=0.05),
        RateGate(kind="rate", of="flaky", most=0.05),
        ContaminationGate(kind="contamination"),
        SchemaGate(kind="schema"),
        DriftGate(kind="drift", removed=0.2, changed=0.2),
    )
    """What must hold before a version leaves."""
    private: bool = True
    """Whether a repository that --push makes is private; one that is there stays as it is."""
