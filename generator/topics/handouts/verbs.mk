.PHONY: handouts publish-handouts push
handouts: ## Hand out what is due now, and show who has what (NAME=week1: of this one every person)
	$(HOMEROOM) handouts -- "$(NAME)"
publish-handouts: ## Hand out what is due now; the machine's clock runs it once a minute
	$(HOMEROOM) publish-handouts
push:     ## Copy FILES="sheet.ipynb data" into the homes of GROUP=biology (or COURSE=biology-1, or PERSON=ada; TO=week1: into a folder): shown first, done with CONFIRM=1
	$(HOMEROOM) push --files="$(FILES)" --group="$(GROUP)" --person="$(PERSON)" --course="$(COURSE)" --to="$(TO)" --confirm="$(CONFIRM)"
