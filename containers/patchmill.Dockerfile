# Patchmill with its judge: serves as Prefect's server, as worker and as dashboard. Build from the root of the repository:
#   docker build -f containers/patchmill.Dockerfile -t patchmill .
FROM python:3.11.14-slim-bookworm
SHELL ["/bin/bash", "-o", "pipefail", "-c"]

# The sandbox; Debian's own, whose patches come with its name.
# hadolint ignore=DL3008
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /opt/patchmill
COPY requirements/uv.txt requirements/patchmill.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/uv.txt \
 && uv pip install --system --no-cache --require-hashes -r requirements/patchmill.txt

COPY pyproject.toml README.md prefect.yaml ./
COPY judge judge
COPY storage storage
COPY tasks tasks
COPY flows flows
COPY cli cli
COPY patchmill patchmill
COPY dashboards dashboards
COPY configs configs
COPY containers containers
RUN uv pip install --system --no-cache --no-deps --no-build-isolation -e . \
 && useradd --create-home --uid 1000 patchmill \
 && install -d -o patchmill -g patchmill /lake /var/lib/patchmill

USER 1000
ENV PATCHMILL_HOME=/var/lib/patchmill \
    PREFECT_HOME=/var/lib/patchmill/prefect \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY=30 \
    PREFECT_LOGGING_EXTRA_LOGGERS=flows,tasks,storage,judge \
    DO_NOT_TRACK=1 \
    PYTHONUNBUFFERED=1
CMD ["patchmill", "--help"]
