"""Serve moto's S3 on loopback, one request at a time, on a listening socket: `s3_server.py DESCRIPTOR`.

moto checks whether an object exists and puts it in two steps, so two concurrent conditional puts could both succeed. S3
excludes this, and every lake relies on it.
"""

import sys
import threading
from collections.abc import Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

moto_application = DomainDispatcherApplication(create_backend_app)
one_request = threading.Lock()


def application(environment: dict[str, Any], start: Any) -> Iterable[bytes]:
    with one_request:
        return list(moto_application(environment, start))


if __name__ == "__main__":
    make_server("127.0.0.1", 0, application, threaded=True, fd=int(sys.argv[1])).serve_forever()
