"""The exceptions of Patchmill, each named for the boundary where something failed.

What a candidate program or a model does wrong is never an exception: it is a row with a verdict or a reason.
"""

from pathlib import Path


class PatchmillError(Exception):
    """Base of all exceptions below; catch it to report any failure in one line.

    The message says what was tried and on what, what was expected and found, and what to do next.
    """


class ConfigError(PatchmillError):
    """A setting, file or query that a person wrote is wrong; catch it to ask for another one (exit status 2).

    A retry does not help: the person must change something first.

    Attributes:
        source: the file that holds the fault, if it stands in one.
        field: dotted name of the setting or option, such as `lake.path` or `--as-of`, if one is known.
    """

    def __init__(self, message: str, *, source: Path | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.source = source
        self.field = field


class ModelError(PatchmillError):
    """A model server could not be started or reached, or gave an unusable answer (exit status 1).

    A retry helps where the server is busy or restarting, and runs make one. Weights or an environment that are missing
    stay missing; the message then says which command brings them.
    """


class LakeError(PatchmillError):
    """A table could not be read or written, or a query of Patchmill's own failed (exit status 1).

    A retry helps after conflicts with other writers and faults of disk or store, and runs make one. A failed write has
    written nothing.

    Attributes:
        table: name of the table, if one is known.
        version: version of the table that was read, if one is known.
    """

    def __init__(self, message: str, *, table: str | None = None, version: int | None = None) -> None:
        super().__init__(message)
        self.table = table
        self.version = version


class HeldError(LakeError):
    """Another run holds the lake, or the part of it that this run needs (exit status 1).

    A retry helps once the other run has ended; `lake.wait_s` makes a run wait for that.

    Attributes:
        owner: the person or flow run that holds it; None where another version of Patchmill does.
        pid: process id of the holder.
        host: name of the holder's machine.
    """

    def __init__(
        self, message: str, *, owner: str | None = None, pid: int | None = None, host: str | None = None
    ) -> None:
        super().__init__(message)
        self.owner = owner
        self.pid = pid
        self.host = host


class PublishError(PatchmillError):
    """A dataset could not be published: a gate blocks it, or a disk or hub refused it (exit status 1).

    The last published version stays. A retry helps only after a fault of disk or hub, or once another publication ends.

    Attributes:
        path: the file or folder of the publication, if one is known.
    """

    def __init__(self, message: str, *, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path
