# Two commands for a newcomer: `make run` and `make test`. Python 3.11 or later, git and make suffice.
# Another Python: make run PYTHON=/path/to/python3.12

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RECENT_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: run test check audit tree clean help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: $(READY)  ## make the environment and run the whole loop on the embedded digits
	$(BIN)/equipoise run

# Three processes on two cores: the longest files wait for servers much of their time.
test: $(READY)  ## run the tests
	$(BIN)/python -m pytest --numprocesses 3 --dist loadfile --no-loadscope-reorder

check: $(READY)  ## run the linters and the type checker
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

audit:  ## ask a vulnerability database about constraints.txt (needs a network that reaches one)
	$(BIN)/python -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	$(VENV)/audit/bin/pip-audit --no-deps --requirement constraints.txt

tree: $(READY)  ## rewrite docs/house.md, docs/security.md and docs/params.md from the code
	$(BIN)/python docs/tree.py
	$(BIN)/python docs/params_page.py

clean:  ## delete the environment; the data, reports and versions stay
	rm -rf $(VENV)

# One resolver run, from the committed pins. The stamp is made last, so that an interrupted
# installation is taken up again.
$(READY): constraints.txt pyproject.toml
	@python=""; \
	for candidate in $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14 python; do \
	  if "$$candidate" -c '$(RECENT_ENOUGH)' >/dev/null 2>&1; then python="$$candidate"; break; fi; \
	  if [ "$$candidate" = "$(PYTHON)" ]; then break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "No Python 3.11 or later was found$(if $(PYTHON), at $(PYTHON)). Install one, or name it: make run PYTHON=/path/to/python3.12" >&2; \
	  exit 2; \
	fi; \
	"$$python" -m venv $(VENV) || { \
	  echo "$$python cannot make a virtual environment. On Debian and Ubuntu: sudo apt install python3-venv" >&2; \
	  exit 2; \
	}
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  --constraint constraints.txt --editable '.[dev]'
	@touch $(READY)
