"""Convert a GGUF file to a model directory that vLLM's CPU build can read; run by the model server's own Python.

Usage: python dequantise.py DIRECTORY_OF_GGUF FILE_NAME OUTPUT_DIRECTORY DTYPE
"""

import importlib
import sys


def dequantise(directory: str, file: str, output: str, dtype: str) -> None:
    """Write weights as safetensors, config and tokenizer; one minute and 3 GiB of memory for 0.5 B parameters."""
    transformers = importlib.import_module("transformers")  # not a dependency of Patchmill itself
    model = transformers.AutoModelForCausalLM.from_pretrained(
        directory, gguf_file=file, quantization_config=transformers.GgufConfig(dequantize=True), dtype=dtype
    )
    model.save_pretrained(output)
    transformers.AutoTokenizer.from_pretrained(directory, gguf_file=file).save_pretrained(output)


if __name__ == "__main__":
    dequantise(*sys.argv[1:])
