"""A judge between a stage and a real judge: it observes every job and may change every result."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from judge.protocol import Job, Judged, Sandbox


@dataclass
class InterceptingJudge:
    """Pass jobs on to a real judge, and its results back.

    Attributes:
        inner: the judge that runs the programs.
        before: called with each job when the inner judge takes it.
        after: returns the result that the caller gets in place of the judge's.
    """

    inner: Sandbox
    before: Callable[[Job], None] = lambda job: None
    after: Callable[[Judged], Judged] = lambda judged: judged

    @property
    def backend(self) -> str:
        return self.inner.backend

    def judge(self, jobs: Iterable[Job]) -> Iterator[Judged]:
        return map(self.after, self.inner.judge(self._observe(jobs)))

    def close(self) -> None:
        self.inner.close()

    def _observe(self, jobs: Iterable[Job]) -> Iterator[Job]:
        for job in jobs:
            self.before(job)
            yield job
