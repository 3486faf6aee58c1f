# One command to a running SMKI: `make run`. Needs Python 3.11 or later, make and a package index.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/pip --disable-pip-version-check --no-input -qq install
SOAK_SECONDS ?= 600
TESTERS ?= 3# processes of tests: one more than two cores, because they wait for servers, too
CHECKED := src tests tools

.PHONY: run install test soak lint docs clauses lock clean
.DEFAULT_GOAL := run

run: .venv/.ok ## installs, creates an SMKI if there is none, takes requests through it, serves
	@$(BIN)/smki run

install: .venv/.ok ## only installs, the command is .venv/bin/smki
	@echo "installed: .venv/bin/smki; next: 'make run'"

test: .venv/.dev ## every test that this machine allows; skipped ones are named with their reason
	@$(BIN)/python -m compileall -q src # tests start hundreds of commands, wherever the environment lets none write this
	TMPDIR="$$($(BIN)/python tools/room.py)" $(BIN)/python -m pytest -n $(TESTERS) --dist loadfile --no-loadscope-reorder \
	  -o tmp_path_retention_policy=failed -ra --durations=10 -m "not soak"

soak: .venv/.dev .venv/.fuzz ## long fuzzing, kill loops and load, within SOAK_SECONDS
	SMKI_SOAK_SECONDS=$(SOAK_SECONDS) $(BIN)/python -m pytest -ra -m soak || [ $$? -eq 5 ] # 5: nothing to soak yet

lint: .venv/.dev ## form, types, import rules, clauses and generated pages
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/clauses.py --check
	$(BIN)/python tools/reference.py --check

clauses: .venv/.dev ## regenerates claims.json and docs/clauses.md
	$(BIN)/python tools/clauses.py

docs: clauses ## regenerates every generated page
	$(BIN)/python tools/reference.py

lock: ## pins what pyproject.toml asks for, with hashes and without addresses
	@command -v uv >/dev/null || { echo "make lock needs uv, which is not in the path" >&2; exit 1; }
	uv pip compile pyproject.toml --extra hsm --extra postgresql --universal --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -o requirements.lock
	uv pip compile pyproject.toml --extra cluster --extra hsm --extra postgresql --group dev --universal --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -o requirements-dev.lock
	uv pip compile --group fuzz --universal --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url -o requirements-fuzz.lock

clean: ## removes the environment and caches; never the state directory
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build

.venv/.ok: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or later is needed, '$(PYTHON)' is older or missing: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "installing into .venv, once: takes as long as the package index does"
	@$(PYTHON) -m venv .venv
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps -e .
	@touch $@

.venv/.dev: .venv/.ok requirements-dev.lock
	@echo "installing what tests and checks need into .venv"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.fuzz: .venv/.dev requirements-fuzz.lock
	@echo "installing the fuzzer into .venv"
	@$(PIP) --require-hashes -r requirements-fuzz.lock || \
	  echo "the fuzzer cannot be installed here: the corpus is tried without it" >&2
	@touch $@
