"""nbgrader's exchange, by the hand-in desk: what its commands and pages do with assignments, submissions and feedback.

There is no directory that labs share: a student's lab and a grader's lab each ask the desk by their own socket. The
image's `nbgrader_config.py` tells nbgrader of these classes.
"""
