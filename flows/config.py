"""The configuration of the flow refresh, composed of its stages' settings."""

from typing import Annotated

from pydantic import Field

from flows import runners
from flows.watching.alerts import AlertSettings
from judge.factory import SandboxSettings
from storage.errors import ConfigError
from storage.lake import LakeSettings
from storage.products import Product
from storage.settings import Settings
from tasks.assemble.settings import AssembleSettings, PreferenceSettings
from tasks.audit.task import Extent
from tasks.diagnose.settings import DiagnoseSettings
from tasks.generate.settings import GenerateSettings
from tasks.ingest.settings import Source
from tasks.inject.settings import InjectSettings
from tasks.matrix.settings import MatrixSettings
from tasks.mining.settings import CodeSource, FolderSource, GitSource, MiningSettings
from tasks.models.settings import ModelSettings, RecordedSettings
from tasks.mutation.settings import MutationSettings
from tasks.repair.settings import RepairSettings
from tasks.score.settings import ScoreSettings
from tasks.timing.settings import TimingSettings
from tasks.write_tests.settings import WriteTestsSettings


class RefreshConfig(Settings):
    """From problems to verified datasets."""

    products: tuple[Product, ...] = Field(("debugging",), min_length=1)
    """debugging: wrong programs with explanation and verified repair. preference: better and worse programs."""
    lake: LakeSettings = LakeSettings()
    """Lake that holds every table."""
    sources: tuple[Annotated[Source | CodeSource, Field(discriminator="kind")], ...] = Field(min_length=1)
    """Sources of problems: datasets, or code (folder, git) that the model turns into problems."""
    model: ModelSettings
    """Model that writes the first attempts (the student)."""
    teacher: ModelSettings | None = None
    """Model that explains and repairs; null takes `model` (LeDex's self-bootstrap)."""
    sandbox: SandboxSettings = SandboxSettings()
    """Sandbox that runs the programs, and their limits."""
    audit: Extent = "full"
    """Programs that the sandbox must get right before it judges, once per judge, machine and lake: the whole table of
    attacks, a `sample` of every class, or none (`off`)."""
    mining: MiningSettings = MiningSettings()
    """Settings of mining: problems made from open-source code, where a source names some."""
    generate: GenerateSettings = GenerateSettings()
    """Number of first attempts, their prompt and sampling."""
    diagnose: DiagnoseSettings = DiagnoseSettings()
    """Number, prompt and sampling of the explanations of wrong programs."""
    repair: RepairSettings = RepairSettings()
    """Number, prompt, sampling and rounds of the repairs of wrong programs."""
    inject: InjectSettings = InjectSettings()
    """Settings of the bugs that are put into right programs."""
    write_tests: WriteTestsSettings = WriteTestsSettings()
    """Settings of the tests that the model writes."""
    matrix: MatrixSettings = MatrixSettings()
    """Settings of running programs on these tests."""
    score: ScoreSettings = ScoreSettings()
    """Settings of ranking the programs."""
    timing: TimingSettings = TimingSettings()
    """Settings of measuring the speed of programs."""
    mutation: MutationSettings = MutationSettings()
    """Settings of measuring the strength of the problems' own tests."""
    assemble: AssembleSettings = AssembleSettings()
    """Selection of the examples of debugging_sft."""
    pairs: PreferenceSettings = PreferenceSettings()
    """Selection of the pairs of the preference datasets."""
    max_failed: float = Field(0.05, ge=0, le=1)
    """Share of the samples that a run may lack because every attempt at them failed; above it the run fails at its end,
    with everything written. The next run asks for them again."""
    alerts: AlertSettings = AlertSettings()
    """Rates above which a run's event says `high`; configs/automations defines what follows."""
    parallel_buckets: int = Field(8, ge=1, le=256)
    """Buckets that run at the same time: enough of them keep the model busy while the judge runs."""
    runner: runners.Runner = "threads"
    """Workers of the buckets: threads of this process, or processes of `dask` or `ray`, also on other machines."""
    cluster: str | None = None
    """Address of Dask's scheduler (tcp://HOST:8786) or Ray's head (ray://HOST:10001); null starts one here."""

    @property
    def explains_and_repairs(self) -> ModelSettings:
        """The model that explains and repairs: the teacher, or `model` where there is none."""
        return self.teacher or self.model

    @property
    def askers(self) -> list[tuple[ModelSettings, set[str]]]:
        """Each model with the stages whose pending work needs it: a first attempt may need a repair."""
        asked_first = {"generate", "write_tests"}
        if "debugging" not in self.products:
            return [(self.model, asked_first)]
        return [(self.model, asked_first), (self.explains_and_repairs, {"generate", "diagnose", "repair"})]

    @property
    def code(self) -> tuple[CodeSource, ...]:
        """Sources of code."""
        return tuple(source for source in self.sources if isinstance(source, FolderSource | GitSource))

    @property
    def data(self) -> tuple[Source, ...]:
        """Sources of ready-made problems."""
        return tuple(source for source in self.sources if not isinstance(source, FolderSource | GitSource))

    @property
    def diagnose_in_chain(self) -> DiagnoseSettings | None:
        """Settings of the diagnosis as the chain of repair asks for it; None where the chain is direct.

        In a chain of one reply an explanation comes with each repair, so their numbers are the same.
        """
        if self.repair.chain == "direct":
            return None
        one_reply = self.repair.chain == "one_reply"
        template = self.diagnose.template or ("explain_and_repair" if one_reply else "explain")
        diagnoses = self.repair.repairs if one_reply else self.diagnose.diagnoses
        return self.diagnose.model_copy(update={"template": template, "diagnoses": diagnoses})

    @property
    def repair_in_chain(self) -> RepairSettings:
        """Settings of the repair as its chain asks for it: one reply has template and sampling of the diagnosis."""
        diagnose = self.diagnose_in_chain
        if self.repair.chain != "one_reply" or diagnose is None or diagnose.template is None:
            return self.repair
        name = diagnose.template
        template = name if name.endswith(".jinja") else f"diagnose/{name}"
        return self.repair.model_copy(update={"template": template, "sampling": diagnose.sampling})

    def check_before_run(self) -> None:
        """Check files of problems, recordings and the runner before anything is written.

        Raises:
            ConfigError: a recording or a file of problems does not exist, or the runner cannot start.
        """
        for source in self.data:
            if source.kind == "jsonl" and not source.path.exists():
                raise ConfigError(f"{source.path}: no such file (jsonl path); name a .jsonl file or a folder of them")
        for settings in (self.model, self.explains_and_repairs):
            if isinstance(settings, RecordedSettings) and not settings.path.exists():
                raise ConfigError(
                    f"{settings.path}: no such recording; `patchmill record CONFIG --out FILE` writes one"
                )
        runners.check_runner(self.runner, self.cluster)
