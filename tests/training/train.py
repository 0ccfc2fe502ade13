"""Take a few steps of a trainer on exported files; run by the Python of .venv-trl, which has no Patchmill.

Usage: python train.py MODEL_DIRECTORY STEPS OUTPUT_DIRECTORY (dpo|kto FILE)...

Prints one JSON line per file: its name, the steps, the loss of each step, and the first example as the trainer read it.
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


def train_on_file(trainer_name: str, file: Path, model: str, steps: int, output: str) -> dict[str, Any]:
    """Load a file, give it to the trainer unchanged, and train on the CPU."""
    reader = "json" if file.suffix == ".jsonl" else "parquet"
    rows = datasets.load_dataset(reader, data_files=str(file), split="train")
    shared: dict[str, Any] = {
        "output_dir": output, "max_steps": steps, "per_device_train_batch_size": 2, "learning_rate": 5e-6, "beta": 0.1,
        "max_length": 512, "logging_steps": 1, "save_strategy": "no", "report_to": "none", "use_cpu": True,
        "bf16": False, "gradient_checkpointing": False, "disable_tqdm": True, "model_init_kwargs": {"dtype": "float32"},
    }  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(model)
    if trainer_name == "dpo":
        trainer = DPOTrainer(model, args=DPOConfig(**shared, **DPO), train_dataset=rows, processing_class=tokenizer)
    else:
        trainer = KTOTrainer(model, args=KTOConfig(**shared), train_dataset=rows, processing_class=tokenizer)
    trainer.train()
    first = trainer.train_dataset[0]
    return {
        "file": file.name,
        "rows": len(rows),
        "rows_used": len(trainer.train_dataset),
        "steps": trainer.state.global_step,
        "losses": [line["loss"] for line in trainer.state.log_history if "loss" in line],
        "first_example": {name: tokenizer.decode(first[name]) for name in first if name.endswith("_ids")},
    }


def main() -> None:
    model, steps, output, *arguments = sys.argv[1:]
    for trainer_name, file in zip(arguments[::2], arguments[1::2], strict=True):
        result = train_on_file(trainer_name, Path(file), model, int(steps), output)
        sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
