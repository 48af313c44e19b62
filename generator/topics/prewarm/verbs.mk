.PHONY: prewarm
prewarm:  ## Start a group's labs before its lesson (GROUP=biology, PROFILE=small, MINUTES=60)
	$(HOMEROOM) prewarm --profile="$(PROFILE)" $(if $(MINUTES),--minutes="$(MINUTES)") -- "$(GROUP)"
