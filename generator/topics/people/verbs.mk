.PHONY: user-remove user-restore purge-removed user-export audit group-ends
user-remove: ## Remove NAME=ada: locked out at once, files kept RETENTION_DAYS (NOW=ada: files too; GROUP=, INACTIVE_DAYS=: show whom, PEOPLE=37: do it)
	$(HOMEROOM) user-remove --now="$(NOW)" --why="$(WHY)" --group="$(GROUP)" --inactive-days="$(INACTIVE_DAYS)" --people="$(PEOPLE)" -- "$(NAME)"
user-restore: ## Bring back somebody who was removed, with files, groups and password (NAME=ada)
	$(HOMEROOM) user-restore -- "$(NAME)"
purge-removed: ## Remove the files of those for good who were removed RETENTION_DAYS ago (TODAY=2026-11-27: the clock is right)
	$(HOMEROOM) purge-removed --today="$(TODAY)"
user-export: ## Write everything of a person into one archive: files, account, groups (NAME=ada TO=/srv/ada.tar.gz)
	$(HOMEROOM) user-export --to="$(TO)" -- "$(NAME)"
audit:    ## Show who removed, approved or made administrator whom, and check it (NAME=ada: about one; ALL=1: all lines)
	$(HOMEROOM) audit --everything="$(ALL)" -- "$(NAME)"
group-ends: ## Show who leaves when, since their group ends (site/groups.yaml); PEOPLE=37 removes those whose last day is over
	$(HOMEROOM) group-ends --people="$(PEOPLE)"
