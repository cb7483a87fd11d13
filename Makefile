# Two commands do it all: `make up` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
# Storehouse is many processes: each would compile it again where this is set.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: up test check bench histories env lock system

up: env
	@$(BIN)/storehouse up

test: env system
	@$(BIN)/pytest -n 2 --dist loadgroup tests --ignore tests/benchmarks

check: env
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/sqlfluff lint dbt_project --disable-progress-bar

# Two thousand random histories of the shop on each database: an hour on two cores.
histories: env system
	@$(BIN)/pytest -n 2 tests/transactional/test_everything.py --sequences 2000

bench: env
	@$(BIN)/python -m tests.benchmarks

# The environment is complete only when the stamp is there, so a half-made one is finished by the next call.
env: .venv/.ready

.venv/.ready: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "storehouse: $(PYTHON) is missing: install Python 3.11 or newer, or run make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "storehouse: $(PYTHON) is older than 3.11: run make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "storehouse: Python's venv is missing: install it (Debian: apt-get install python3-venv)"; exit 1; }
	@$(BIN)/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv
	@echo "Installing the locked environment into .venv (a minute or two, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock 2>.venv/install.log \
		|| { tail -n 3 .venv/install.log; echo "storehouse: the environment could not be installed: see .venv/install.log, then run make env again"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . 2>>.venv/install.log \
		|| { tail -n 3 .venv/install.log; echo "storehouse: the project could not be installed: see .venv/install.log"; exit 1; }
	@touch $@

# What the tests drive besides Python: a browser and a PostgreSQL server.
system:
	@tests/install_system_packages

# Resolve requirements.in again; needs uv (pip install uv).
lock:
	@uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --upgrade requirements.in -o requirements.lock
