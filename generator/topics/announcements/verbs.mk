.PHONY: announce announcements announce-end
announce: export HOMEROOM_TEXT = $(if $(filter command,$(origin TEXT)),$(value TEXT))
announce: ## Tell people something, on home pages and in labs: TEXT="..." [GROUP=biology] [COURSE=biology-1] [FOR=2h]
	$(HOMEROOM) announce $(if $(GROUP),--group="$(GROUP)") $(if $(COURSE),--course="$(COURSE)") $(if $(FOR),--for="$(FOR)")
announcements: ## Show what is announced now
	$(HOMEROOM) announcements
announce-end: ## End an announcement: ID=3
	$(HOMEROOM) announce-end -- "$(ID)"
