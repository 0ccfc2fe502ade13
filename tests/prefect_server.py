"""Prefect's server on a listening socket that it is handed, as `prefect server start` runs it on a port by number.

`python -m tests.prefect_server DESCRIPTOR`
"""

import socket
import sys

import uvicorn
from prefect.server.api.server import create_app

if __name__ == "__main__":
    server = uvicorn.Server(uvicorn.Config(create_app(final=True), log_level="warning"))
    server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
