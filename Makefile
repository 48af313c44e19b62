# Homeroom's verbs. Each is one line; what they do is in generator/lifecycle/verbs.py, and in the topics' verbs.py.
.DEFAULT_GOAL := help
.PHONY: help init check render up down move move-back restart logs expire-logs status timers doctor watch letter build bundle shell clean
MAKEFLAGS += --no-print-directory
HOMEROOM = @sh generator/venv.sh .venv generator/requirements.txt && .venv/bin/python -m generator
DEV = @sh generator/venv.sh .venv-dev tests/requirements.txt &&

help:     ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
init:     ## Write .env and site/ if they are missing
	$(HOMEROOM) init
check:    ## Check settings, site/ and machine; change nothing
	$(HOMEROOM) check
render:   ## Write the files in rendered/ from .env and site/
	$(HOMEROOM) render
up:       ## Install what is missing and bring everything up
	$(HOMEROOM) up
down:     ## Stop labs and services; homes and accounts stay
	$(HOMEROOM) down
move:     ## Move to another server: a copy while all work, then closed, and another (TO=https://hub.example.edu)
	$(HOMEROOM) move -- "$(TO)"
move-back: ## Open a deployment again that has moved (ANYWAY=1: also without what people did there)
	$(HOMEROOM) move-back --anyway="$(ANYWAY)"
restart:  ## Restart the hub with what changed in site/; labs are not affected
	$(HOMEROOM) restart
logs:     ## Follow the logs (SERVICE=hub: only the hub's; SINCE=2h: from then on; PERSON=ada: about one user)
	$(HOMEROOM) logs --since="$(SINCE)" --person="$(PERSON)" -- "$(SERVICE)"
expire-logs: ## Make services anew whose logs are older than LOG_DAYS; labs go on (each day by itself: LOG_END_AT in .env)
	$(HOMEROOM) expire-logs
status:   ## Show services, labs, users, memory and disk
	$(HOMEROOM) status
timers:   ## Bring what is run by the clock in step with .env, and show it (RUN=backup: run that one now)
	$(HOMEROOM) timers --run="$(RUN)" --missed="$(MISSED)"
doctor:   ## Say what is wrong and what to do first (ALL=1: all of it; FILE=support.tar.gz: for who helps you)
	$(HOMEROOM) doctor --file="$(FILE)" --all="$(ALL)"
watch:    ## Restart services that are not healthy; tell what is wrong and what is over (by the clock: WATCH in .env)
	$(HOMEROOM) watch
letter:   ## Print the letter that is sent on Mondays: people, disks, copies, faults of the week, what to do
	$(HOMEROOM) letter
build:    ## Build the images again
	$(HOMEROOM) build
bundle:   ## Write one file with all that a machine without a network needs (TO=/srv: there)
	$(HOMEROOM) bundle -- "$(TO)"
shell:    ## Open a shell in the hub's container (SERVICE=proxy: in the proxy's)
	$(HOMEROOM) shell -- "$(SERVICE)"
clean:    ## Remove containers, images and generated files; never homes
	$(HOMEROOM) clean

include generator/topics/*/verbs.mk tests/verbs.mk

# What a verb is told stands behind it. A NAME, FILE or GROUP of the shell's, as WSL and others set, is not meant, and is
# said not to be where the verb would take it. WORDS: all that recipes take, here and in the included files.
WORDS := $(sort $(shell grep -oh '"$$([A-Z_]*)"' $(MAKEFILE_LIST) | tr -d '"$$()'))
STRAYS := $(foreach word,$(WORDS),$(if $(filter environment,$(firstword $(origin $(word)))),$(word)))
$(foreach word,$(STRAYS),$(eval override $(word) :=))
takes = $(shell awk '/^[^\t]/ {on = index($$0, "$(1):") == 1} on && /\$$\($(2)\)/ {print 1; exit}' $(MAKEFILE_LIST))
tell = $(shell echo '! $(2) of your shell is ignored. It is meant if it stands behind the verb: make $(1) $(2)=...' >&2)
$(foreach word,$(STRAYS),$(foreach goal,$(MAKECMDGOALS),$(if $(call takes,$(goal),$(word)),$(call tell,$(goal),$(word)))))

# What is typed reaches the verb as it is typed: a shell would run what stands in the name of somebody else's file.
define newline


endef
typed = $(subst $(newline), ,$(subst `,\`,$(subst $$,\$$,$(subst ",\",$(subst \,\\,$(1))))))
$(foreach word,$(WORDS),$(eval override $(word) := $$(call typed,$$(value $(word)))))

.DEFAULT:
	@echo "make: there is no verb '$@'; these are:" >&2; $(MAKE) help >&2; exit 2
