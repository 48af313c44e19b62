.PHONY: course-export course-import course-copy course-reset course-delete course-ends
course-export: ## Write all of COURSE=biology-1 into one archive (TO=/srv/biology.tar.gz)
	$(HOMEROOM) course-export --to="$(TO)" -- "$(COURSE)"
course-import: ## Bring material into COURSE=biology-1, FROM=/srv/old: an archive, a course's folder, or one assignment (NAME=week-1; WHOLE=1: all of an exported course; DRY=1: only show)
	$(HOMEROOM) course-import --from="$(FROM)" --name="$(NAME)" --whole="$(WHOLE)" --dry="$(DRY)" -- "$(COURSE)"
course-copy: ## Make the next term's course: COURSE=biology-26 TO=biology-27 DATES=+364d (DRY=1: only show)
	$(HOMEROOM) course-copy --to="$(TO)" --dates="$(DATES)" --dry="$(DRY)" -- "$(COURSE)"
course-reset: ## Show what students did in COURSE=biology-1; NAMED=biology-1 removes it (WITHOUT_COPY=1: no archive is kept)
	$(HOMEROOM) course-reset --named="$(NAMED)" --without-copy="$(WITHOUT_COPY)" -- "$(COURSE)"
course-delete: ## Show all that is kept of COURSE=biology-1; NAMED=biology-1 removes it for good (WITHOUT_COPY=1: no archive is kept)
	$(HOMEROOM) course-delete --named="$(NAMED)" --without-copy="$(WITHOUT_COPY)" -- "$(COURSE)"
course-ends: ## Show which courses are archived and removed when (CLOCK=1: remove those whose time is over; TODAY=2026-11-27: the clock is right)
	$(HOMEROOM) course-ends --clock="$(CLOCK)" --today="$(TODAY)"
