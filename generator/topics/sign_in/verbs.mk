.PHONY: password account roster people why
password: ## Give the administrator a new password (NAME=ada: to somebody else; LINK=1: make a link to choose one by)
	$(HOMEROOM) password --link="$(LINK)" -- "$(NAME)"
account:  ## Make approved accounts (NAME=ada, or FILE=class.csv; SHEET=passwords.csv: a file for the passwords)
	$(HOMEROOM) account --file="$(FILE)" --sheet="$(SHEET)" -- "$(NAME)"
roster:   ## Show what a class list changes, then do so (FILE=class.csv; DRY=1: show only; REMOVE=1: remove who is gone)
	$(HOMEROOM) roster --file="$(FILE)" --sheet="$(SHEET)" --dry="$(DRY)" --remove="$(REMOVE)"
people:   ## Show who is known to the hub, and how they sign in
	$(HOMEROOM) people
why:      ## Tell why a sign-in was refused (NUMBER=48213, or NAME=ada; without either: the last ones)
	$(HOMEROOM) why --number="$(NUMBER)" --name="$(NAME)"
