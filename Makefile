# make run [SOURCE=… HOST=… PORT=…]   start the site and its worker; Ctrl-C stops both
# make test [ARGS=…]                  run the tests
# make check                          lint, types, templates, migrations, production settings
# make bench [ONLY=name]              measure; writes bench/<name>.json in the data folder
# make clean                          remove what was built; the data folder stays
#
# Each target builds the environment when it is missing or older than the lock. Works with GNU Make 3.81.

VENV ?= .venv
BIN := $(VENV)/bin
SHELL := /bin/sh
ARGS ?=

# The first Python on the path that this project runs on.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	if command -v $$name >/dev/null 2>&1 \
		&& $$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1; \
	then echo $$name; break; fi; done)

digest = $(shell cksum < $(1) | cut -d' ' -f1)
RUN_STAMP := $(VENV)/stamp-run-$(call digest,requirements.txt)
DEV_STAMP := $(VENV)/stamp-dev-$(call digest,requirements-dev.txt)

.PHONY: help run test check bench clean format environment
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed -n '1,7p'

run: $(RUN_STAMP)
	@$(BIN)/python manage.py up $(if $(SOURCE),--source "$(SOURCE)") $(if $(HOST),--host "$(HOST)") $(if $(PORT),--port "$(PORT)")

test: $(DEV_STAMP)
	$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-q -n 3 --dist loadfile --no-loadscope-reorder)

check: $(DEV_STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/djlint templates --lint --quiet
	$(BIN)/python manage.py makemigrations --check --dry-run
	mkdir -p build/check
	FLEET_IGNORE_ENV_FILE=1 FLEET_ENV=production FLEET_DATA_DIR=build/check FLEET_DATABASE_URL=postgresql:///fleet \
		FLEET_SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))')" \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

bench: $(DEV_STAMP)
	@$(BIN)/python -m tests.benchmarks $(ONLY)

format: $(DEV_STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	if [ -L "$(VENV)" ]; then rm "$(VENV)"; else rm -rf "$(VENV)"; fi
	find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +

environment: $(DEV_STAMP)

# The lock of development holds all of the other one, so it satisfies both stamps.
$(DEV_STAMP):
	@$(call build,requirements-dev.txt)
	@touch "$(RUN_STAMP)" "$@"

$(RUN_STAMP):
	@$(call build,requirements.txt)
	@touch "$@"

define build
if [ -z "$(PYTHON)" ]; then \
	echo "Python 3.11, 3.12, 3.13 or 3.14 is needed and none was found. On Debian: apt install python3 python3-venv" >&2; exit 1; fi; \
echo "Building $(VENV) from $(1)…"; \
rm -f "$(VENV)"/stamp-*; \
if command -v uv >/dev/null 2>&1; then \
	{ [ -x "$(BIN)/python" ] || uv venv --quiet --python "$(PYTHON)" "$(VENV)"; } \
	&& uv pip sync --quiet --require-hashes --python "$(BIN)/python" $(1); \
else \
	{ [ -x "$(BIN)/pip" ] || "$(PYTHON)" -m venv --clear "$(VENV)" || { \
		echo "The venv module is incomplete. On Debian: apt install python3-venv" >&2; exit 1; }; } \
	&& "$(BIN)/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $(1); \
fi
endef
