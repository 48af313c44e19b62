.PHONY: handouts publish-handouts
handouts: ## Hand out what is due now, and show who has what (NAME=week1: of this one every person)
	$(HOMEROOM) handouts -- "$(NAME)"
publish-handouts: ## Hand out what is due now; the machine's clock runs it once a minute
	$(HOMEROOM) publish-handouts
