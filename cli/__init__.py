"""The words a user types. Importing it settles Prefect's defaults, which must stand before Prefect is imported."""

import os

for _name, _value in {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",  # the default is too short on a loaded machine
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # we show progress and errors; the UI keeps all logs
}.items():
    os.environ.setdefault(_name, _value)  # a person's own settings win
