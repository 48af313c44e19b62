"""What nbgrader is told in every lab. Its exchange is the hand-in desk: homeroom_lab/exchange/."""

import os

from homeroom_lab import grading, validation

c = get_config()  # noqa: F821 - given by the loader

c.ExchangeFactory.fetch_assignment = "homeroom_lab.exchange.fetch_assignment.FetchAssignment"
c.ExchangeFactory.fetch_feedback = "homeroom_lab.exchange.fetch_feedback.FetchFeedback"
c.ExchangeFactory.submit = "homeroom_lab.exchange.submit.Submit"
c.ExchangeFactory.list = "homeroom_lab.exchange.listing.List"
c.ExchangeFactory.release_assignment = "homeroom_lab.exchange.release_assignment.ReleaseAssignment"
c.ExchangeFactory.release_feedback = "homeroom_lab.exchange.release_feedback.ReleaseFeedback"
c.ExchangeFactory.collect = "homeroom_lab.exchange.collect.Collect"
c.Authenticator.plugin_class = "homeroom_lab.exchange.courses.DeskCourses"

validation.amend()

# Times in the deployment's zone, in a form that nbgrader reads back as the same moment: it takes `... +0200` for UTC.
_zone = os.environ.get("TZ") or "UTC"
c.Exchange.timezone = c.NbGraderAPI.timezone = _zone
c.Exchange.timestamp_format = c.NbGraderAPI.timestamp_format = "%Y-%m-%d %H:%M:%S%z"

# What no copy of an assignment brings along: programs would read it by themselves where it arrives.
c.CourseDirectory.ignore = [".*", "*.pyc", "__pycache__", "feedback", "nbgrader_config.py"]

# Feedback without the tests that students are not to see.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "homeroom_lab.exchange.hidden_tests.ClearHiddenTestsAndTraces",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]

# Where a course is graded, what was handed in is run in containers of its own, and never here; and what it wrote is
# shown without scripts.
if grading.is_here():
    from homeroom_lab.grading import autograde, source

    autograde.take_over()
    source.take_over()
    c.HTMLExporter.sanitize_html = True
    c.HTMLExporter.filters = {
        "clean_html": "homeroom_lab.grading.clean.html",
        "markdown2html": "homeroom_lab.grading.clean.markdown",
    }
