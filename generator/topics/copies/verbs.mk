.PHONY: backup
backup:   ## Copy homes, shares, accounts and settings to BACKUP_TO, while all work
	$(HOMEROOM) backup
