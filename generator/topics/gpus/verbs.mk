.PHONY: gpus
gpus:     ## Show the machine's GPUs and propose site/gpus.yaml
	$(HOMEROOM) gpus
