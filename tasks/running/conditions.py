"""Addresses of the conditions under which programs are judged."""

from judge.factory import SandboxSettings
from judge.protocol import Limits
from storage.ids import content_id


def conditions_id(judge: SandboxSettings, limits: Limits) -> str:
    """Return the address of everything but the tests that decides a verdict; a change of it means new verdicts."""
    # Settings that came later are in the address only where they differ from what holds without them.
    later = judge.model_dump(include={"controls", "control_all", "unreferenced"}, exclude_defaults=True)
    return content_id("conditions", limits=limits.model_dump(mode="json"), reruns=judge.reruns,
        shared=False, packages=str(judge.packages or ""), **later,
    )  # fmt: skip


def suite_id(judge: SandboxSettings) -> str:
    """Return the address of a problem's own tests under the judge's conditions."""
    return content_id("suite", tests="given", conditions=conditions_id(judge, judge.limits))
