.PHONY: lti lti-register lti-allow lti-remove lti-new-key
lti:      ## Show the learning platforms that registered themselves
	$(HOMEROOM) lti
lti-register: ## Print an address that sets up a learning platform and this hub: NAME=moodle
	$(HOMEROOM) lti-register -- "$(NAME)"
lti-allow: ## Let a part of a learning platform in: PLATFORM=canvas DEPLOYMENT=1:2
	$(HOMEROOM) lti-allow -- "$(PLATFORM)" "$(DEPLOYMENT)"
lti-remove: ## Forget a learning platform that registered itself: PLATFORM=moodle
	$(HOMEROOM) lti-remove -- "$(PLATFORM)"
lti-new-key: ## Replace the hub's own LTI keys at once
	$(HOMEROOM) lti-new-key
