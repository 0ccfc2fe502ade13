"""Fixtures of the tests of publishing."""

from collections.abc import Iterator

import pytest

from tests.cli.conftest import run_command  # noqa: F401 a fixture
from tests.publish.hub import Hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A hub on loopback."""
    with Hub() as running:
        yield running
