# The developers' verbs.
.PHONY: lint test test-unit bench reference locks release
lint:     ## Check the code (developers)
	$(DEV) .venv-dev/bin/python -m tests.lint
test:     ## Run every test, preparing all they need (developers)
	$(DEV) .venv-dev/bin/python -m tests.everything
test-unit: ## Run the quick tests, without an engine (developers)
	$(DEV) .venv-dev/bin/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile tests/unit
bench:    ## Measure Homeroom beside a plain JupyterHub; ARGS=--help (developers)
	$(DEV) sh generator/venv.sh .venv generator/requirements.txt && .venv-dev/bin/python -m bench $(ARGS)
reference: ## Write .env.example and docs/settings.md from the schema (developers)
	$(HOMEROOM) reference
locks:    ## Lock all Python and npm dependencies anew (developers)
	$(DEV) .venv-dev/bin/python -m tests.locks
release:  ## Close a version in the changelog: VERSION=0.2.0 (developers)
	$(DEV) .venv-dev/bin/python -m tests.release "$(VERSION)"
