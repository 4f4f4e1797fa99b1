# Two commands do everything: `make run` and `make test`. Each makes what it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/run.stamp
TEST   := $(VENV)/test.stamp
DEV    := $(VENV)/dev.stamp
PIP    := $(BIN)/python -m pip --quiet --disable-pip-version-check

# The tests start Python hundreds of times: what it compiled is kept.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run examples test debian lint check bench mutate-knowledge mutate-code triage-figures kinetics-models kinetics-plots kinetics-trial pictures prove-journal prove-chair prove-routes sbom lock clean

run: $(RUN)          ## the web application with fictional people, on this machine alone (Ctrl+C ends it)
	@$(BIN)/ivigil serve --demo

examples: $(RUN)     ## plan the example orders; show one plan whole
	@$(BIN)/ivigil plan --brief examples/*.toml
	@$(BIN)/ivigil plan examples/kawasaki.toml

test: $(TEST) debian lint check   ## types, style, layers, the fact base, and every test
	$(BIN)/python -m pytest -n $$(($$(nproc) * 3 / 2))

debian:              ## what the tests start: PostgreSQL, Chromium, strace; installed from Debian if missing
	@command -v pg_ctl >/dev/null || ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 \
	  || { apt-get update && apt-get install -y postgresql; }
	@command -v chromium-headless-shell >/dev/null || { apt-get update && apt-get install -y chromium-headless-shell; }
	@command -v strace >/dev/null || [ $$(id -u) -ne 0 ] || { apt-get update && apt-get install -y strace; } || true

lint: $(TEST)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: $(TEST)       ## validate the fact base; print its coverage
	$(BIN)/ivigil check

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || { apt-get update && apt-get install -y python3-venv && $(PYTHON) -m venv $(VENV); }

$(RUN): $(BIN)/python requirements/run.txt pyproject.toml
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(TEST): $(RUN) requirements/test.txt
	$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

$(DEV): $(TEST) requirements/dev.txt
	$(PIP) install --require-hashes -r requirements/dev.txt
	@touch $@

bench: $(TEST) debian   ## time a plan, the journal, the kinetics and the pages; write docs/benchmarks.md
	$(BIN)/python -m benchmarks.planning --write
	$(BIN)/python -m benchmarks.journal --write
	$(BIN)/python -m benchmarks.kinetics --write
	$(BIN)/python -m benchmarks.web --write
	$(BIN)/python -m benchmarks.web_plan --write
	$(BIN)/python -m benchmarks.web_use --write

mutate-knowledge: $(TEST)   ## one slip at a time in every dose and rate fact; write docs/mutation.md
	$(BIN)/python -m tools.mutate_knowledge --write

mutate-code: $(DEV)  ## mutants of the planner's and the chair's code; write docs/mutation.md (two hours; MODULES=planning.vials: report that alone)
	$(BIN)/python -m tools.mutate_code $(or $(MODULES),--write)

triage-figures: $(TEST)   ## what the triage misses and overdoes, by the vignettes; write docs/triage.md
	$(BIN)/python -m tools.triage_figures --write

kinetics-models: $(TEST)   ## the tables of docs/kinetics-models.md, from the facts
	$(BIN)/python -m tools.kinetics_models --write

kinetics-plots: $(TEST)   ## the pictures of docs/kinetics.md
	$(BIN)/python -m tools.kinetics_plots

kinetics-trial: $(TEST)   ## forecasts for simulated patients against the truth; write docs/kinetics-trial.md (ten minutes)
	$(BIN)/python -m benchmarks.trial --write

sbom: $(DEV)          ## what a site may install, as a CycloneDX bill of materials; write docs/sbom.cdx.json
	$(BIN)/python -m tools.sbom

pictures: $(TEST) debian   ## pictures of the web application for the README
	$(BIN)/python -m tools.pictures

prove-journal: $(TEST) debian   ## thousands of kills and power cuts; write docs/durability.md (an hour or two)
	$(BIN)/python -m tools.prove_journal --write

prove-chair: $(TEST) debian     ## a thousand cuts at a chair, in Chromium; write docs/web-proof.md (an hour; CUTS=100: fewer, prints)
	$(BIN)/python -m tools.prove_chair $(if $(CUTS),--cuts $(CUTS),--write)

prove-routes: $(TEST)   ## every route asked at random, by every role; write docs/web-proof.md (half an hour)
	$(BIN)/python -m tools.prove_routes --write

lock:                ## write the pinned requirements anew, with hashes and without addresses
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --allow-unsafe -o requirements/build.txt requirements/build.in
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --extra web --extra pdf --extra plots -o requirements/run.txt pyproject.toml
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --allow-unsafe -o requirements/test.txt requirements/test.in
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --allow-unsafe -o requirements/dev.txt requirements/dev.in
	$(BIN)/pip-compile --quiet --generate-hashes --strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-header --no-annotate --extra kinetics --extra oidc --extra postgresql -c requirements/run.txt -c requirements/test.txt -o requirements/extras.txt pyproject.toml

clean:
	rm -rf $(VENV) mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis src/ivigil/knowledge/facts.msgpack
