"""moto's S3 server on a port of loopback, one request at a time.

moto looks whether an object is there and puts it in two steps; two conditional puts at one time could both succeed,
which S3 excludes and every lake relies on.
"""

import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

moto, one = DomainDispatcherApplication(create_backend_app), threading.Lock()


def application(environment: dict[str, Any], start: Any) -> Iterable[bytes]:
    with one:
        return list(moto(environment, start))


if __name__ == "__main__":
    run_simple("127.0.0.1", int(sys.argv[1]), application, threaded=True)
