"""The command line of Patchmill, a file per command.

Importing the package sets defaults for Prefect, which reads them when it is imported itself.
"""

import os

for _name, _value in {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",  # the default is too short on a loaded machine
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # we show progress and errors; the UI keeps all logs
}.items():
    os.environ.setdefault(_name, _value)  # the user's own settings win
