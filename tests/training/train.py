"""A few steps of a trainer on files as they were exported; run by the Python of .venv-trl, which has no Patchmill.

Usage: python train.py MODEL_DIRECTORY STEPS OUTPUT_DIRECTORY (dpo|kto FILE)...

Prints a JSON line for each file: its name, steps done, loss of each, and the first example as the trainer read it.
"""

import json
import sys
from pathlib import Path
from typing import Any

import datasets
from transformers import AutoTokenizer
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer

# CodeDPO's loss: DPO and a supervised term on the chosen program (RPO); see docs/preference.md.
DPO = {"loss_type": ["sigmoid", "sft"], "loss_weights": [1.0, 1.0]}


def train(kind: str, file: Path, model: str, steps: int, output: str) -> dict[str, Any]:
    """Load a file, hand it to the trainer as it is, train on the CPU."""
    reader = "json" if file.suffix == ".jsonl" else "parquet"
    data = datasets.load_dataset(reader, data_files=str(file), split="train")
    shared: dict[str, Any] = {
        "output_dir": output, "max_steps": steps, "per_device_train_batch_size": 2, "learning_rate": 5e-6, "beta": 0.1,
        "max_length": 512, "logging_steps": 1, "save_strategy": "no", "report_to": "none", "use_cpu": True,
        "bf16": False, "gradient_checkpointing": False, "disable_tqdm": True, "model_init_kwargs": {"dtype": "float32"},
    }  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(model)
    if kind == "dpo":
        trainer = DPOTrainer(model, args=DPOConfig(**shared, **DPO), train_dataset=data, processing_class=tokenizer)
    else:
        trainer = KTOTrainer(model, args=KTOConfig(**shared), train_dataset=data, processing_class=tokenizer)
    trainer.train()
    first = trainer.train_dataset[0]
    return {
        "file": file.name,
        "rows": len(data),
        "kept": len(trainer.train_dataset),
        "steps": trainer.state.global_step,
        "losses": [line["loss"] for line in trainer.state.log_history if "loss" in line],
        "read": {name: tokenizer.decode(first[name]) for name in first if name.endswith("_ids")},
    }


def main() -> None:
    model, steps, output, *files = sys.argv[1:]
    for kind, file in zip(files[::2], files[1::2], strict=True):
        sys.stdout.write(json.dumps(train(kind, Path(file), model, int(steps), output)) + "\n")


if __name__ == "__main__":
    main()
