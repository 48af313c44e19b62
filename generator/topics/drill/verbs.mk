.PHONY: drill
drill:    ## Try whether everything comes back from the copies: beside what runs, and removed afterwards (COPY=2026-10-05)
	$(HOMEROOM) drill -- "$(COPY)"
