.PHONY: user-remove user-restore purge-removed
user-remove: ## Remove a person: locked out at once, files kept RETENTION_DAYS (NAME=ada; WHY="left"; NOW=ada: files too)
	$(HOMEROOM) user-remove --now="$(NOW)" --why="$(WHY)" -- "$(NAME)"
user-restore: ## Bring back somebody who was removed, with files, groups and password (NAME=ada)
	$(HOMEROOM) user-restore -- "$(NAME)"
purge-removed: ## Remove the files of those for good who were removed RETENTION_DAYS ago
	$(HOMEROOM) purge-removed
