# Homeroom's verbs. Each is one line; what they do is in generator/cli.py.
.DEFAULT_GOAL := help
.PHONY: help init check render up down restart logs status gpus build kernels shell password account prewarm clean lint test test-unit reference locks bench
MAKEFLAGS += --no-print-directory
HOMEROOM = @sh generator/venv.sh .venv generator/requirements.txt && .venv/bin/python -m generator
DEV = @sh generator/venv.sh .venv-dev tests/requirements.txt &&

help:     ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
init:     ## Write .env and site/ where they are not there yet
	$(HOMEROOM) init
check:    ## Check settings, site/ and machine; change nothing
	$(HOMEROOM) check
render:   ## Write the files in rendered/ from .env and site/
	$(HOMEROOM) render
up:       ## Bring everything up, from whatever there is
	$(HOMEROOM) up
down:     ## Stop labs and services; homes and accounts stay
	$(HOMEROOM) down
restart:  ## Restart the hub with what changed in site/; labs go on
	$(HOMEROOM) restart
logs:     ## Follow the logs (SERVICE=hub: only the hub's)
	$(HOMEROOM) logs -- "$(SERVICE)"
status:   ## Show services, labs, people, memory and disk
	$(HOMEROOM) status
gpus:     ## Show the machine's GPUs and propose site/gpus.yaml
	$(HOMEROOM) gpus
build:    ## Build the images anew
	$(HOMEROOM) build
kernels:  ## Build the kernels of site/kernels/ for every lab, also running ones
	$(HOMEROOM) kernels
shell:    ## Open a shell in the hub's container (SERVICE=proxy: in the proxy's)
	$(HOMEROOM) shell -- "$(SERVICE)"
password: ## Give the administrator a new password (NAME=ada: somebody else)
	$(HOMEROOM) password -- "$(NAME)"
account:  ## Make approved accounts (NAME=ada, or FILE=class.csv; SHEET=passwords.csv: written there)
	$(HOMEROOM) account --file="$(FILE)" --sheet="$(SHEET)" -- "$(NAME)"
prewarm:  ## Start a group's labs before its people come (GROUP=biology, PROFILE=small, MINUTES=60)
	$(HOMEROOM) prewarm --profile="$(PROFILE)" $(if $(MINUTES),--minutes="$(MINUTES)") -- "$(GROUP)"
clean:    ## Remove containers, images and generated files; never homes
	$(HOMEROOM) clean
lint:     ## Check the code (developers)
	$(DEV) .venv-dev/bin/python -m tests.lint
test:     ## Run every test, preparing all they need (developers)
	$(DEV) .venv-dev/bin/python -m tests.everything
test-unit: ## Run the quick tests, without an engine (developers)
	$(DEV) .venv-dev/bin/python -m pytest tests/unit
bench:    ## Measure Homeroom beside a plain JupyterHub; ARGS=--help (developers)
	$(DEV) sh generator/venv.sh .venv generator/requirements.txt && .venv-dev/bin/python -m bench $(ARGS)
reference: ## Write .env.example and docs/settings.md from the schema (developers)
	$(HOMEROOM) reference
locks:    ## Lock all Python and npm dependencies anew (developers)
	$(DEV) .venv-dev/bin/python -m tests.locks

.DEFAULT:
	@echo "make: there is no verb '$@'; these are:" >&2; $(MAKE) help >&2; exit 2
