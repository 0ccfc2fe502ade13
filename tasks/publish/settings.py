"""Settings of the stage publish; configs/publish/NAME.yaml."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from storage.publication import Split
from storage.settings import Settings
from tasks.publish.gates import AnyGate, ContaminationGate, DriftGate, RateGate, SchemaGate

DatasetName = Literal["debugging_sft", "preference_correctness", "preference_efficiency", "preference_kto"]


class CleanSettings(Settings):
    """Which examples are left out of a publication, and how the others are divided into splits."""

    near_duplicate: float = Field(0.9, gt=0, le=1)
    """Jaccard similarity of the prompts and of every pair of programs, from which two rows are near-duplicates."""
    family: float = Field(0.7, gt=0, le=1)
    """Jaccard similarity of two prompts from which their problems are one family and stand in one split."""
    shared_program_tokens: int = Field(60, ge=1)
    """Problems that share a program of at least this many tokens are one family, too."""
    benchmarks: tuple[Path, ...] = ()
    """Files of tasks that no published example may hold: HumanEval, MBPP, or any JSONL of tasks."""
    mbpp_ids: tuple[int, int] | None = (11, 510)
    """First and last task_id of a file of MBPP that count (11 to 510 are its test split); null: all."""
    prompt_ngram: int = Field(2, ge=1, le=50)
    """Longest run of words by which prompts are compared with benchmarks."""
    prompt_overlap: float = Field(0.5, gt=0, le=1)
    """Weighted share of a benchmark's prompt from which a prompt alone is its task (docs/decontamination.md)."""
    code_ngram: int = Field(12, ge=1, le=500)
    """Length of the runs of tokens by which programs are compared with benchmarks."""
    code_overlap: float = Field(0.5, gt=0, le=1)
    """Share of a benchmark's solution from which a program alone is its task; smaller shares of both add up."""
    licences: tuple[str, ...] | None = Field(None, min_length=1)
    """SPDX names of the licences that may be published; null: any."""
    drop_secrets: bool = True
    """Leave out rows that hold keys, tokens or passwords."""
    drop_personal_data: bool = True
    """Leave out mined rows that hold e-mail addresses, telephone numbers, IP addresses or home folders."""
    train: float = Field(0.9, ge=0, le=1)
    """Share of the problems in the split train."""
    validation: float = Field(0.05, ge=0, le=1)
    """Share of the problems in the split validation."""
    test: float = Field(0.05, ge=0, le=1)
    """Share of the problems in the split test; the three shares sum to 1."""
    seed: int = 0
    """Seed of the splits; another one assigns all problems anew."""

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("expected train, validation and test to sum to 1")
        if self.near_duplicate < self.family:
            raise ValueError("expected near_duplicate to be at least as large as family: rows are compared in families")
        if self.mbpp_ids is not None and self.mbpp_ids[0] > self.mbpp_ids[1]:
            raise ValueError("expected mbpp_ids to be the first and the last id")
        return self

    @property
    def shares(self) -> dict[Split, float]:
        """Share of the problems by split."""
        return {"train": self.train, "validation": self.validation, "test": self.test}


class PublishSettings(Settings):
    """Cleaning, gates and card of one published dataset."""

    title: str = Field("", pattern=r"^[^\r\n]*$")
    """Headline of the card; empty: the dataset's name."""
    summary: str = ""
    """First paragraph of the card in Markdown; empty: one sentence on what a row is."""
    clean: CleanSettings = CleanSettings()
    """Which examples are left out: near-duplicates, benchmark tasks, licences, secrets."""
    gates: tuple[AnyGate, ...] = (
        RateGate(kind="rate", of="infra", most=0.02),
        RateGate(kind="rate", of="tampered", most=0.05),
        RateGate(kind="rate", of="flaky", most=0.05),
        ContaminationGate(kind="contamination"),
        SchemaGate(kind="schema"),
        DriftGate(kind="drift", removed=0.2, changed=0.2),
    )
    """Conditions that a version must meet before it is published."""
    private: bool = True
    """Make a repository that --push creates private; an existing one stays as it is."""
