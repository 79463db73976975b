# `make help` lists what this file can do. A fresh machine needs git, make and Python 3.11 or newer;
# everything else is installed into .venv the first time it is needed, and not again until the
# requirements change.

PYTHON  ?=
ARGS    ?=
N_TESTS ?= 2

VENV   := .venv
BIN    := $(VENV)/bin
MANAGE := $(BIN)/python manage.py
PIP    := $(BIN)/python -m pip --disable-pip-version-check

# Checks read the settings but must not touch the instance in ./var.
CHECK_DATA := $(CURDIR)/build/check

.DEFAULT_GOAL := help
.PHONY: help demo serve test check bench fuzz format messages clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "make %-8s %s\n", $$1, $$2 }'

demo: $(VENV)/.runtime ## set up a complete small study and serve it (ARGS="--train" trains the generators first)
	@$(MANAGE) demo $(ARGS)

serve: $(VENV)/.runtime ## serve this instance: web server, worker, GPU worker (ARGS="--bind 127.0.0.1:8001")
	@$(MANAGE) serve $(ARGS)

# Every process of the tests would compile them anew where Python is told to keep no bytecode.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(VENV)/.development ## run every test, with a real Chromium and whatever services are on this machine (ARGS="-k name": some)
	@chromium="$$(.ci/get-chromium $(BIN)/python)" || exit 1; failed=0; \
	CHROMIUM="$$chromium" $(BIN)/python .ci/run-tests $(N_TESTS) $(ARGS) || failed=1; \
	$(if $(strip $(ARGS)),:,.ci/test-on-postgresql $(BIN)/python $(N_TESTS)) || failed=1; \
	exit $$failed

check: export READERSTUDY_DATA := $(CHECK_DATA)
check: export READERSTUDY_ENV_FILE :=
check: $(VENV)/.development ## lint, format, types, import contracts, settings, migrations, file lengths, translations, vulnerabilities
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy generation readerstudy evaluation
	$(BIN)/lint-imports
	$(MANAGE) check --fail-level WARNING
	.ci/check-deploy $(BIN)/python
	$(MANAGE) makemigrations --check --dry-run
	.ci/check-lengths
	$(BIN)/python .ci/messages --check
	$(PIP) check
	.ci/audit $(BIN)/python

bench: $(VENV)/.development ## run the benchmarks and print their tables (ARGS="frechet training" runs some)
	@$(BIN)/python -m benchmarks $(ARGS)

fuzz: $(VENV)/.development ## spoil valid samples and let every importer take them (ARGS="--inputs 100000")
	@$(BIN)/python -m tests.fuzz $(ARGS)

format: $(VENV)/.development ## let ruff repair layout and imports
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(VENV)/.development ## bring the translations of the reading room up to date with its texts
	@$(BIN)/python .ci/messages

clean: ## remove .venv, caches and build outputs; ./var stays
	rm -rf $(VENV) build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/.created:
	@.ci/make-venv $(VENV) "$(PYTHON)"
	@touch $@

$(VENV)/.runtime: requirements.txt | $(VENV)/.created
	@echo "Installing what the software runs with (once; some minutes)."
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.development: requirements-dev.txt requirements.txt | $(VENV)/.created
	@echo "Installing what the software and its tests need (once; some minutes)."
	@$(PIP) install -r requirements-dev.txt
	@touch $@ $(VENV)/.runtime
