# Two commands do everything: `make serve` and `make test`. Each sets up what it needs, all extras included.
PYTHON ?= python3
VENV ?= .venv
PORT ?= 8000
# Of the tests, at once; more than two cores because they also wait.
PROCESSES ?= 3
# Of the served versions in `make test`: embedded, oxigraph, fuseki or virtuoso.
ENGINE ?= embedded
DATA ?=
DROP ?=
BIN := $(VENV)/bin
EDITOR := service/plangraf/pages/editor
BUILT := service/plangraf/pages/built

.PHONY: help serve editor build chosen style types test test-all words search-faults search-api screenshots portals engines differential lint bench soak lock clean
.DEFAULT_GOAL := help

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(VENV)/.serve: pyproject.toml requirements.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.test: $(VENV)/.serve requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $@

# Without these scripts the service works as well, so that a failure only prints its line.
$(BUILT)/.ready: $(wildcard $(EDITOR)/*.json $(EDITOR)/*.mjs $(EDITOR)/*.lock $(EDITOR)/build.sh $(EDITOR)/src/*.js $(EDITOR)/src/*/*.js)
	@sh $(EDITOR)/build.sh $(PYTHON) || true

editor: $(BUILT)/.ready ## bundle the query editor of /sparql and the graph of neighbours, with Node from PyPI; make serve does it too

serve: $(VENV)/.serve $(BUILT)/.ready ## build when the files have changed, then serve (PORT=8123, DATA=folder, DROP=1)
	$(BIN)/plangraf serve --port $(PORT) $(foreach folder,$(DATA),--data $(folder))$(if $(DROP), --drop)

build: $(VENV)/.serve ## check the files and write a version
	$(BIN)/plangraf build $(foreach folder,$(DATA),--data $(folder))$(if $(DROP), --drop)

lint: style types ## style, layers, types

style: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check service tests
	$(BIN)/lint-imports

types: $(VENV)/.test
	$(BIN)/mypy

# Style and types are checked beside the tests. Tests start many processes, each of which would compile all modules anew
# without their bytecode.
chosen: $(VENV)/.test
	env -u PYTHONDONTWRITEBYTECODE -u MAKEFLAGS $(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal $(CHOSEN)

test: $(BUILT)/.ready ## lint and the tests of a change (ENGINE=fuseki: only those of served versions, over that engine)
	@$(MAKE) --no-print-directory -j2 chosen style types CHOSEN='-m "not slow" --hypothesis-profile short --engine $(ENGINE)'

test-all: $(BUILT)/.ready ## the longer set too: soaks, all things in all formats, crash rounds
	@$(MAKE) --no-print-directory -j2 chosen style types CHOSEN='-m ""'

search-faults: $(VENV)/.test ## other random examples in each run, twenty times as many, for each property test; takes long
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal -m hypothesis --hypothesis-profile search

search-api: $(VENV)/.test ## other random requests in each run, twenty times as many, from the description of the API
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -m "" --hypothesis-profile search tests/properties/test_any_described_request.py

screenshots: $(VENV)/.test ## pictures of every kind of page, a sheet of all, and a table of weights and axe violations, in screenshots/
	$(BIN)/python tests/browser/screenshots.py

words: $(VENV)/.serve ## write new words of the interface into its catalogues, where a translator fills them
	$(BIN)/pybabel -q extract -F pyproject.toml --no-location --sort-output -o .words.pot service
	$(foreach file,$(wildcard service/plangraf/pages/translations/*.po),$(BIN)/pybabel -q update -N --ignore-obsolete \
	  --ignore-pot-creation-date -w 120 --omit-header -i .words.pot -o $(file) -l $(basename $(notdir $(file)));)
	rm .words.pot

portals: .portals/ckan/.ready .portals/ldes-client/.ready .portals/comunica/.ready ## programs of others who harvest and query, each in an environment of its own, for make test

.portals/ckan/.ready: tests/service/ckan.lock
	$(PYTHON) -m venv --clear .portals/ckan
	.portals/ckan/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r $<
	touch $@

.portals/ldes-client/.ready: tests/portals/ldes/package.json tests/portals/ldes/package-lock.json
.portals/comunica/.ready: tests/client/comunica/package.json tests/client/comunica/package-lock.json
.portals/ldes-client/.ready .portals/comunica/.ready:
	rm -rf $(@D) && mkdir -p $(@D) && cp $^ $(@D)
	npm ci --prefix $(@D) --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

engines: $(VENV)/.test ## Jena Fuseki for make test ENGINE=fuseki (Java 17, Maven)
	$(BIN)/python tests/engine_servers.py

differential: $(VENV)/.test ## store what Jena ARQ answers to the queries of tests/differential; CHECK=1 only compares (Java 17, Maven)
	$(BIN)/python tests/differential/renew.py $(if $(CHECK),--check)

bench: $(VENV)/.test ## time plangraf beside other SPARQL systems, and its start
	$(BIN)/python tests/benchmarks/compare_results.py
	$(BIN)/python tests/benchmarks/start_up.py

faults: $(VENV)/.test ## twenty rounds of faults at random moments under a running service; prints the seed of a run
	FAULT_ROUNDS=$(or $(ROUNDS),20) $(BIN)/python -m pytest -m "" -s tests/faults tests/store/test_crash_safety.py tests/maintenance/test_backup.py

soak: $(VENV)/.test ## ten minutes of hostile clients beside a good one
	$(BIN)/python tests/benchmarks/soak.py --minutes 10

lock: ## pin the newest versions that pyproject.toml allows
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --upgrade $(foreach extra,server publish sheets portals statistics remote replicas mcp parquet otel client build,--extra $(extra)) pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url $(foreach extra,server replicas mcp parquet,--extra $(extra)) -c requirements.lock pyproject.toml -o requirements-server.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --upgrade $(foreach extra,server publish sheets portals statistics remote replicas mcp parquet otel client build test,--extra $(extra)) \
	  -c requirements.lock pyproject.toml -o requirements-test.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-package psycopg2 --upgrade tests/service/ckan.txt -o tests/service/ckan.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --upgrade $(EDITOR)/node.txt -o $(EDITOR)/node.lock

clean: ## remove the environment and the built versions
	rm -rf $(VENV) .portals .jena .fuseki .editor $(BUILT) versions dist
