from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.config import RefreshConfig
from storage.settings import load_settings
from tests.scripted import ScriptedServer, write_problems


@pytest.fixture
def config(tmp_path: Path, writer: ScriptedServer) -> Callable[..., RefreshConfig]:
    """Return a function that builds the config of a small refresh against the scripted server.

    Its positional arguments name the problems of the source; keywords set values, `a__b` for `a.b`.
    """

    def build(*problems: str, **values: Any) -> RefreshConfig:
        settings = {
            "lake": {"path": str(tmp_path / "lake"), "buckets": 2},
            "sources": [
                {"kind": "jsonl", "path": str(write_problems(tmp_path / "p.jsonl", *(problems or ("add", "last"))))}
            ],
            "model": {"kind": "openai", "urls": [writer.url], "name": "scripted", "retries": 1, "backoff_s": 0.01},
            "audit": "off",  # tests/flows/test_audit_first.py turns it on
            "generate": {"samples": 3},
            "repair": {"repairs": 2},
        }
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(settings))
        return load_settings(path, RefreshConfig, {name.replace("__", "."): value for name, value in values.items()})

    return build
