"""Settings of the stage mining: the sources of code, one model per `kind`, and the bounds of seeds and tasks."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from storage.settings import Settings
from tasks.models.protocol import Sampling

PERMISSIVE = (
    "0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "ISC", "MIT", "MIT-0", "PSF-2.0", "Unlicense",
    "Zlib",
)  # fmt: skip


class _CodeSource(Settings):
    """Settings of every source of code."""

    name: str = Field("mined", min_length=1)
    """The `source` of its problems."""
    licences: tuple[str, ...] = Field(PERMISSIVE, min_length=1)
    """SPDX names of the licences that may be used; packages under others are left out, with a row in `drops`."""
    licence: str | None = Field(None, min_length=1)
    """SPDX expression for a licence file that is not recognised but that you have read. Null refuses such code."""
    limit: int | None = Field(None, ge=1)
    """Seeds at most, in order of id, which is a fair sample; null takes all."""


class FolderSource(_CodeSource):
    """Python code on this machine: a checkout, or packages installed beside Patchmill. Read, never imported."""

    kind: Literal["folder"]
    path: Path | None = None
    """A folder with a licence file in it."""
    packages: tuple[str, ...] | None = Field(None, min_length=1)
    """Names of distributions installed in the running environment; their files and licences as their metadata say."""

    @model_validator(mode="after")
    def _check_one_place(self) -> Self:
        if (self.path is None) == (self.packages is None):
            raise ValueError("expected either `path` or `packages`")
        return self


class GitSource(_CodeSource):
    """One commit of a git repository, fetched once into `checkouts` under PATCHMILL_HOME."""

    kind: Literal["git"]
    url: str = Field(min_length=1, pattern=r"^[^-]")
    """Address of the repository, or a path: a local one needs no network."""
    commit: str | None = Field(None, pattern=r"^[^-]")
    """Full commit, branch or tag; null takes HEAD. With a full commit later runs need no network."""


CodeSource = Annotated[FolderSource | GitSource, Field(discriminator="kind")]


class MiningSettings(Settings):
    """Tasks made from open-source code (CodeDPO's first step; seeds, concepts, then tasks, as SelfCodeAlign does)."""

    function_lines: tuple[int, int] = (4, 60)
    """Shortest and longest function that is taken, docstring not counted."""
    class_lines: tuple[int, int] = (8, 80)
    """Shortest and longest class that is taken, docstring not counted."""
    least_size: int = Field(5, ge=1)
    """Statements and decisions (branches, loops, handlers) together, below which code is too trivial to teach."""
    similarity: float = Field(0.8, gt=0, le=1)
    """Jaccard similarity of token runs from which on one of two seeds, or of two tasks, is left out."""
    concepts_template: str = "concepts"
    """`concepts`, or a path to a .jinja file."""
    task_template: str = "task"
    """`task`, or a path to a .jinja file."""
    tasks: int = Field(1, ge=1, le=100)
    """Tasks per seed."""
    concepts_sampling: Sampling = Sampling(temperature=0.7, max_tokens=96)
    """Sampling of concepts; the paper gives none."""
    task_sampling: Sampling = Sampling(temperature=0.7, max_tokens=256)
    """Sampling of tasks; the paper gives none."""
