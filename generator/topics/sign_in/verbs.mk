.PHONY: password account
password: ## Give the administrator a new password (NAME=ada: somebody else)
	$(HOMEROOM) password -- "$(NAME)"
account:  ## Make approved accounts (NAME=ada, or FILE=class.csv; SHEET=passwords.csv: written there)
	$(HOMEROOM) account --file="$(FILE)" --sheet="$(SHEET)" -- "$(NAME)"
