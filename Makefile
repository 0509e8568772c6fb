# make demo    the whole way, from simulated records to a registered model, scores and a report
# make test    lint, import layers, types, the wheel away from the checkout, all tests
# make lint    lint, import layers, types
# make bench   start-up time and rows per second
# make bench-model    the model beside its peers on simulated worlds, under an hour (QUICK=1, FULL=1)
# make bench-features lab features beside polars, DuckDB, pandas and tsfresh (QUICK=1)
# make bench-score    scoring end to end, beside plain scripts (QUICK=1)
# make bench-serve    the server under load: latency and memory (REQUESTS=20000)
# make bench-update   a shipped model updated on few local patients of another centre
# make bench-explain  CPU seconds of a fit and of contributions, beside shap.TreeExplainer
# make models  train the shipped models again, from simulated patients
# make dictionary  write the data dictionary of features/*.toml again
# make layers  draw the rooms of the package again: docs/layers.svg
# make format  rewrite the code in the project's format
# make clean   remove what these commands made, the environment included

PYTHON ?= $(firstword $(foreach python,python3.11 python3.12 python3.13 python3,$(shell \
	$(python) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' \
	2>/dev/null && echo $(python))))

BIN := .venv/bin
READY := .venv/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiled modules and tests are kept for the next process and the next run.
unexport PYTHONDONTWRITEBYTECODE

.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint wheel pytest coverage bench bench-labels bench-readers bench-model bench-features bench-explain bench-score bench-serve bench-update models dictionary layers format clean

help:
	@sed -n 's/^# make/make/p' Makefile

# Made once, and brought up to date when the dependencies or the version change.
$(READY): pyproject.toml constraints.txt riskmodel/__init__.py
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		test -n "$(PYTHON)" || { \
			echo "No Python 3.11 or newer with venv was found: install one, or name it with 'make PYTHON=/path/to/python3'." >&2; \
			exit 1; }; \
		"$(PYTHON)" -m venv --clear .venv; }
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,web,spark]'
	@touch $@

demo: $(READY)
	$(BIN)/riskmodel demo --out demo

test: lint wheel pytest

lint: $(READY)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m mypy

wheel: $(READY)
	$(BIN)/python .ci/check_wheel.py

# A worker for each core; a file's tests stay with one worker, which makes their fixtures once.
WORKERS := --numprocesses auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

pytest: $(READY)
	$(BIN)/python -m pytest $(WORKERS)

coverage: $(READY)
	$(BIN)/python -m pytest $(WORKERS) --cov

bench: $(READY)
	$(BIN)/python benchmarks/bench_start.py
	$(BIN)/python benchmarks/bench_rows.py

# The server on loopback; REQUESTS=20000 shows whether its memory grows.
bench-serve: $(READY)
	$(BIN)/python benchmarks/bench_serve.py --requests $(or $(REQUESTS),2000)

# The shipped model and few local patients, together and alone.
bench-update: $(READY)
	$(BIN)/python benchmarks/bench_update.py

# Minutes each: labelling 10,000 patients by every definition; each reader beside a bare read.
bench-labels: $(READY)
	$(BIN)/python benchmarks/bench_labels.py

bench-readers: $(READY)
	$(BIN)/python benchmarks/bench_readers.py

# Needs the peers of the extra `bench`. QUICK=1 takes minutes, FULL=1 a night; JOBS is the processes.
bench-model: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,web,bench]'
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python benchmarks/bench_model.py

bench-features: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,web,bench]'
	$(BIN)/python benchmarks/bench_features.py

bench-score: $(READY)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev,web,spark,bench]'
	$(BIN)/python benchmarks/bench_score.py

bench-explain: $(READY)
	$(BIN)/python benchmarks/bench_explain.py

# The shipped models: simulated patients, then both stages; the same bytes on the same versions.
models: $(READY)
	rm -rf build/shipped
	$(BIN)/riskmodel simulate build/shipped --patients 4000 --seed 2026 --sampling mixed
	$(BIN)/riskmodel train build/shipped --stage pre_infusion --design shipped --no-track --out models/pre-infusion
	$(BIN)/riskmodel train build/shipped --stage early --design shipped --no-track --out models/early

dictionary: $(READY)
	$(BIN)/python docs/make_dictionary.py

layers: $(READY)
	$(BIN)/python docs/make_layers.py

format: $(READY)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

clean:
	rm -rf .venv dist build demo .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache .coverage
