.PHONY: password account roster people why
password: ## Give the administrator a new password (NAME=ada: somebody else; LINK=1: a link by which they choose one)
	$(HOMEROOM) password --link="$(LINK)" -- "$(NAME)"
account:  ## Make approved accounts (NAME=ada, or FILE=class.csv; SHEET=passwords.csv: written there)
	$(HOMEROOM) account --file="$(FILE)" --sheet="$(SHEET)" -- "$(NAME)"
roster:   ## Take a class list in, the difference first (FILE=class.csv; DRY=1, REMOVE=1, SHEET=passwords.csv)
	$(HOMEROOM) roster --file="$(FILE)" --sheet="$(SHEET)" --dry="$(DRY)" --remove="$(REMOVE)"
people:   ## Show who is known to the hub, and by which ways (BACK=ada: who was removed may sign in again)
	$(HOMEROOM) people --back="$(BACK)"
why:      ## Tell why a sign-in was refused (NUMBER=48213, or NAME=ada; else the last ones)
	$(HOMEROOM) why --number="$(NUMBER)" --name="$(NAME)"
