"""Running what people handed in: in a container of its own, where this runs as its first process; and, in the lab of
those who grade, in the place of what nbgrader would run itself."""
