.PHONY: course-rehearse
course-rehearse: ## Have robots take a course beside what runs, and say what would fail (COURSE=biology ASSIGNMENT=week-1, or EXAM=final)
	$(HOMEROOM) course-rehearse --exam="$(EXAM)" --assignment="$(ASSIGNMENT)" -- "$(COURSE)"
