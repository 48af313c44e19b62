.PHONY: course-rehearse
course-rehearse: ## Have robots write an exam of a course beside what runs, and say what would fail (COURSE=biology EXAM=final)
	$(HOMEROOM) course-rehearse --exam="$(EXAM)" -- "$(COURSE)"
