.PHONY: refresh packages sbom
refresh:  ## Bring security updates into the images while labs run (each week by itself: REFRESH_AT in .env)
	$(HOMEROOM) refresh --anyway="$(ANYWAY)" --within="$(WITHIN)"
packages: ## Show what is outdated in each image (IMAGE=lab: name each package)
	$(HOMEROOM) packages --image="$(IMAGE)"
sbom:     ## Write what is in each image, for scanners (TO=/srv/sbom: a CycloneDX file an image)
	$(HOMEROOM) sbom -- "$(TO)"
