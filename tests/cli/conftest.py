"""The command line, run in this process."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cli.main import main


@dataclass(frozen=True)
class CommandOutput:
    """What one command left: its exit code and both outputs."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def message(self) -> str:
        """The last line on stderr; "" where nothing was printed there."""
        return (self.stderr.strip().splitlines() or [""])[-1]


RunCommand = Callable[..., CommandOutput]


@pytest.fixture
def run_command(capsys: pytest.CaptureFixture[str]) -> RunCommand:
    """Run `patchmill` with some arguments."""

    def run(*arguments: object) -> CommandOutput:
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return CommandOutput(int(end.value.code or 0), output.out, output.err)

    return run
