.PHONY: backup restore recovery-sheet
backup:   ## Copy homes, shares, accounts and settings to BACKUP_TO, while all work (CONFIRM=1: an alarm is none)
	$(HOMEROOM) backup --confirm="$(CONFIRM)"
restore:  ## List the copies; NAME=ada brings a home back (FILE=x.ipynb, COPY=2026-10-05; OVER=ada replaces files; ALL=homeroom: everything)
	$(HOMEROOM) restore --file="$(FILE)" --copy="$(COPY)" --over="$(OVER)" --removed="$(REMOVED)" --everything="$(ALL)" -- "$(NAME)"
recovery-sheet: ## Show what brings everything back on another machine, to print (KEPT=1: it lies elsewhere)
	$(HOMEROOM) recovery-sheet --kept="$(KEPT)"
