.PHONY: update rollback
update:   ## Bring the deployment to another version while labs run (TO=v0.2.0 or FROM=a bundle; ANYWAY=1: also without a copy of today)
	$(HOMEROOM) update --anyway="$(ANYWAY)" --within="$(WITHIN)" --from="$(FROM)" -- "$(TO)"
rollback: ## Go back to the version before the last update, for 14 days (ANYWAY=1: also where accounts are lost)
	$(HOMEROOM) rollback --anyway="$(ANYWAY)"
