"""How a data set leaves the lake; configs/publish/NAME.yaml."""

from typing import Literal

from pydantic import Field

from storage.settings import Settings
from tasks.publish.cleaning import CleanSettings
from tasks.publish.gates import (
    AnyGate,
    ContaminationGate,
    DriftGate,
    RateGate,
    SchemaGate,
)

DataSet = Literal["debugging_sft", "preference_correctness", "preference_efficiency", "preference_kto"]


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
