# make demo: the whole pipeline on the embedded dataset.  make test: the tests.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: install demo test cost lint clean help

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/'

$(STAMP): constraints.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' \
	  || (echo "fer_bench needs Python 3.11 to 3.14; of the pinned releases torch, torchvision, triton, numpy, scipy, ray, onnxruntime, contourpy, PyYAML and ruamel.yaml.clib have no build for 3.15: make PYTHON=python3.12 ..." && exit 1)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,ray]'
	$(BIN)/python -m pip check
	touch $(STAMP)

install: $(STAMP)  ## the environment alone

demo: $(STAMP)  ## install, then run what params.yaml enables and show the results
	fer-bench sweep --first baseline_identity --first scan_cci
	@echo "Open results/leaderboard/index.html in a browser; then results/tables/ and results/figures/."

test: $(STAMP)  ## install, then run every test, a process a core
	$(BIN)/python -m pytest -n auto --dist loadscope --no-loadscope-reorder

cost: $(STAMP)  ## measure latency, throughput and memory of the models on this machine
	fer-bench cost

lint: $(STAMP)  ## ruff and mypy
	ruff check .
	ruff format --check .
	mypy

clean:  ## remove what the pipeline made, keep raw data and results
	rm -rf runs data/aligned
