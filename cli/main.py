"""The command `patchmill`: one line per error, and one for Ctrl-C.

The commands are imported within `main`, so that signals are handled before that takes its second.
"""

import atexit
import contextlib
import errno
import gc
import os
import re
import sys
import traceback
from collections.abc import Sequence

from cli import stopping


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; `arguments` default to those of this process, whose signals and end are then handled, too.

    Exit codes: 0 done; 1 a part of Patchmill failed; 2 the request is wrong; 130 after Ctrl-C; 143 after SIGTERM.
    """
    if arguments is not None:
        sys.exit(_run(arguments))
    stopper = stopping.install()
    end = _ProcessEnd()
    _print_anything()
    try:
        end.code = _run(None)
    finally:
        _silence_logs()
        stopper.wait_if_stopping()
    sys.exit(end.code)


def _run(arguments: Sequence[str] | None) -> int:
    """Run one command; return its exit code."""
    from cli.commands import app
    from judge.errors import JudgeError, SandboxSettingError
    from storage.errors import ConfigError, PatchmillError

    try:
        app(args=[_decode(word) for word in (sys.argv[1:] if arguments is None else arguments)], prog_name="patchmill")
    except (PatchmillError, JudgeError) as error:
        message, code = str(error), 2 if isinstance(error, ConfigError | SandboxSettingError) else 1
        _clear_frames(error)
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):
            return _drop_output()
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    except BrokenPipeError:
        return _drop_output()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        message, code = f"cannot write to {error.filename or 'stdout'}: {error.strerror}", 1
        _clear_frames(error)
    else:
        return 0
    gc.collect()
    print(f"patchmill: {message.rstrip()}".replace("\n", "\n  "), file=sys.stderr)
    return code


def _decode(argument: str) -> str:
    """Return an argument as text, also in a locale without its characters.

    Raises:
        ConfigError: it is not UTF-8; Python hands such bytes on as lone surrogates.
    """
    from storage.errors import ConfigError

    try:
        return os.fsencode(argument).decode() if re.search("[\ud800-\udfff]", argument) else argument
    except UnicodeDecodeError as error:
        start = error.object[: error.start].decode()[-20:]
        byte = error.object[error.start]
        raise ConfigError(f"expected UTF-8 on the command line, got byte 0x{byte:02x} after {start!r}") from None


def _print_anything() -> None:
    """Escape what the terminal's encoding lacks: an answer in another script is no error in an ASCII locale."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _silence_logs() -> None:
    """Keep what libraries log while they end from following the command's last line; Prefect counts its open items."""
    if logging := sys.modules.get("logging"):
        logging.disable(logging.CRITICAL)


def _drop_output() -> int:
    """Go on where the reader has closed the pipe: this is no error, and nothing is left to say."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _clear_frames(error: BaseException | None) -> None:
    """Drop the local variables of an error's frames: DuckDB reports connections that are alive at exit as leaks."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


class _ProcessEnd:
    """Ends this process after all other exit handlers.

    Libraries report what is still alive once Python has cleared its modules ("nanobind: leaked ..."), and crash there
    with threads of their own. So Python never gets that far.
    """

    def __init__(self) -> None:
        self.code = 1
        """Of an exception that nobody has caught."""
        atexit.register(self._end)  # the first to register is the last to run

    def _end(self) -> None:
        try:
            if sys.stdout is not None:
                sys.stdout.flush()
        except BrokenPipeError:
            pass
        except OSError as error:
            self.code = self.code or 1
            reason = error.strerror or errno.errorcode.get(error.errno or 0, "")
            print(f"patchmill: stdout: cannot be written: {reason}", file=sys.stderr)
        with contextlib.suppress(OSError, AttributeError):
            sys.stderr.flush()
        os._exit(self.code)
