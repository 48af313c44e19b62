.PHONY: kernels
kernels:  ## Build the kernels of site/kernels/ for every lab, also running ones
	$(HOMEROOM) kernels
