# A course's own hook: what it exports is there in notebooks.
export COURSE_DATA=/srv/course
