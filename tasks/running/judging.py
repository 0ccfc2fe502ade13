"""Judge a stage's jobs and write a row per verdict."""

from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet

from judge.factory import SandboxSettings
from judge.protocol import Job, Judged
from storage.columns import Key, Table
from storage.lake import Lake
from storage.schemas import Row
from tasks.running import progress
from tasks.running.commits import commit_stream
from tasks.running.effects import sandbox_for


def judge_jobs(
    lake: Lake,
    judge: SandboxSettings,
    jobs: Iterable[Job],
    count: int,
    table: Table,
    row_of: Callable[[Judged], Row],
    stage: str,
    replaced_keys: AbstractSet[Key] = frozenset(),
) -> int:
    """Judge every job and write the row of its verdict; return how many rows.

    Args:
        jobs: taken one by one as slots become free, since tests can be large.
        count: number of jobs, for progress.
        row_of: makes the row; called in order of completion.
        replaced_keys: keys of rows that new verdicts take the place of.

    Raises:
        SandboxError: the sandbox could not be started.
    """
    progress.expect(stage, count)
    verdicts: Iterable[Judged] = sandbox_for(judge).judge(jobs) if count else ()
    return commit_stream(lake, table, ([row_of(judged)] for judged in verdicts), stage, replaced_keys)
