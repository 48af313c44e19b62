.PHONY: kernels
kernels:  ## Build the kernels of site/kernels/ for all labs, also running ones
	$(HOMEROOM) kernels
