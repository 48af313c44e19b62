.PHONY: stats
stats:    ## Show who used how much (DAYS=30, BY=group|person|image|profile|room|course|hour|day, CSV=1, NAMES=1)
	$(HOMEROOM) stats --days="$(DAYS)" --by="$(BY)" --csv="$(CSV)" --names="$(NAMES)"
