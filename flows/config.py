"""The configuration of the flow refresh, composed of its stages' settings."""

from typing import Annotated

from pydantic import Field

from flows import runners
from judge.factory import SandboxSettings
from storage.errors import ConfigError
from storage.lake import LakeSettings
from storage.settings import Settings
from tasks.assemble.settings import AssembleSettings, PreferenceSettings
from tasks.audit.task import Extent
from tasks.ingest.settings import Source
from tasks.mining.recipes import check_templates as check_mine_templates
from tasks.mining.settings import CodeSource, FolderSource, GitSource
from tasks.models.settings import ModelSettings, RecordedSettings
from tasks.plan import Plan, check_templates
from tasks.running.effects import model_for
from tasks.settings import (
    GenerateSettings,
    MatrixSettings,
    MineSettings,
    Product,
    RepairSettings,
    ScoreSettings,
    StrengthSettings,
    TestsSettings,
    TimeSettings,
    WriteSettings,
)


class RefreshConfig(Settings):
    """From problems to verified data sets."""

    products: tuple[Product, ...] = Field(("debugging",), min_length=1)
    """debugging: wrong programs with explanation and verified repair. preference: better and worse programs."""
    lake: LakeSettings = LakeSettings()
    """Where everything is kept."""
    sources: tuple[Annotated[Source | CodeSource, Field(discriminator="kind")], ...] = Field(min_length=1)
    """Where problems come from: data sets, or (folder, git) code that the model makes tasks of."""
    model: ModelSettings
    """Writes the first attempts (the student)."""
    teacher: ModelSettings | None = None
    """Explains and repairs; null takes `model` (LeDex's self-bootstrap)."""
    sandbox: SandboxSettings = SandboxSettings()
    """Runs the programs, and what they may use."""
    audit: Extent = "full"
    """Programs that the sandbox must get right before it judges, once per judge, machine and lake: the whole table of
    attacks, a `sample` of every class, or none (`off`)."""
    generate: GenerateSettings = GenerateSettings()
    """How many first attempts, and how they are asked for."""
    repair: RepairSettings = RepairSettings()
    """Diagnosis and repair."""
    strength: StrengthSettings = StrengthSettings()
    """How strong the problems' tests are."""
    mine: MineSettings = MineSettings()
    """How tasks are made of open-source code, where a source names some."""
    tests: TestsSettings = TestsSettings()
    """Tests that the model writes."""
    matrix: MatrixSettings = MatrixSettings()
    """How programs are run on those."""
    score: ScoreSettings = ScoreSettings()
    """How programs are told apart."""
    time: TimeSettings = TimeSettings()
    """How their speed is measured."""
    assemble: AssembleSettings = AssembleSettings()
    """What becomes an example of debugging_sft."""
    pairs: PreferenceSettings = PreferenceSettings()
    """What becomes a pair."""
    write: WriteSettings = WriteSettings()
    """How often rows are committed."""
    parallel_buckets: int = Field(8, ge=1, le=256)
    """Buckets worked on at a time: enough that the model has work while the judge runs."""
    runner: runners.Runner = "threads"
    """Where they are: threads of this process, or workers of `dask` or `ray`, which may be on other machines."""
    cluster: str | None = None
    """Address of Dask's scheduler (tcp://HOST:8786) or Ray's head (ray://HOST:10001); null starts one here."""

    def plan(self, selection_id: str) -> Plan:
        """The part that the per-bucket stages need. Fetches weights that are not here yet, to know what they are."""
        teacher = self.teacher or self.model
        return Plan(
            lake=self.lake,
            selection_id=selection_id,
            model=self.model,
            model_revision=model_for(self.model).revision,
            teacher=teacher,
            teacher_revision=model_for(teacher).revision,
            sandbox=runners.of_worker(self.sandbox, self.runner, self.cluster, self.parallel_buckets),
            products=self.products,
            generate=self.generate,
            repair=self.repair,
            strength=self.strength,
            tests=self.tests,
            matrix=self.matrix,
            score=self.score,
            time=self.time,
            write=self.write,
        )

    @property
    def code(self) -> tuple[CodeSource, ...]:
        """Sources of code."""
        return tuple(source for source in self.sources if isinstance(source, FolderSource | GitSource))

    @property
    def data(self) -> tuple[Source, ...]:
        """Sources of problems as they stand."""
        return tuple(source for source in self.sources if not isinstance(source, FolderSource | GitSource))

    def check(self) -> None:
        """Find what is wrong with templates and recordings before anything is written; raises ConfigError."""
        for settings in (self.model, self.teacher or self.model):
            if isinstance(settings, RecordedSettings) and not settings.path.exists():
                raise ConfigError(f"{settings.path}: no such recording; `patchmill record CONFIG --out FILE` makes one")
        runners.check(self.runner, self.cluster)
        check_templates(self.plan(selection_id=""))
        check_mine_templates(self.mine)
