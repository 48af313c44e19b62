.PHONY: test-alert
test-alert: ## Send a message by mail and webhook, as an alarm would be, and say what came back
	$(HOMEROOM) test-alert
