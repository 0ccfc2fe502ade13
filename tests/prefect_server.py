"""Run Prefect's server on a listening socket that is passed to it; `prefect server start` takes only a port number.

`python -m tests.prefect_server DESCRIPTOR`
"""

import socket
import sys

import uvicorn
from prefect.server.api.server import create_app

if __name__ == "__main__":
    server = uvicorn.Server(uvicorn.Config(create_app(final=True), log_level="warning"))
    server.run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
