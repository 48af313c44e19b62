"""`nbgrader generate_assignment` of a broken notebook: it is named with what to do, and what was made before stays.

Upstream removes the version for students first, and says what is wrong by a traceback.
"""

from __future__ import annotations

import os
from pathlib import Path

from homeroom_lab import validation
from homeroom_lab.grading.told import without_traceback

GIVE_IDS = "Open it with Nbgrader > Create Assignment, and give each of its graded cells an ID of its own"
BRING = "Bring it anew, or take back an earlier version of it"
LOOK = "Open it with Nbgrader > Create Assignment, and look at its cells"
KINDS = ("grade", "solution", "locked", "task")
"""What nbgrader marks cells as; one that it was taken from again needs no ID."""
LONGEST = 200


def trouble(path: Path) -> str:
    """Why no assignment can be made of a notebook, and what to do; empty: nothing is seen."""
    try:
        found = validation.read(path)
    except validation.Flawed as flawed:
        return f"{flawed}. {BRING}."
    ids: dict[str, int] = {}
    for number, cell in enumerate(found.get("cells", ()), 1):
        metadata = cell.get("metadata", {})
        told = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if told is None or (isinstance(told, dict) and not any(map(told.get, KINDS))):
            continue
        own = told.get("grade_id") if isinstance(told, dict) else None
        if not isinstance(own, str) or not own:
            return f"its cell {number} is one of nbgrader's and has no grade ID. {GIVE_IDS}."
        if own in ids:
            return f"its cells {ids[own]} and {number} have one grade ID, {own[:LONGEST]!a}. {GIVE_IDS}."
        ids[own] = number
    return ""


def reason_of(error: Exception) -> str:
    """What is wrong where it is seen only on the way, in a line."""
    under = error.__context__
    cause = under if isinstance(under, type(error)) else error  # nbgrader raises its own over what says more
    lines = str(getattr(cause, "message", "") or cause).strip().splitlines()
    return f"{lines[0][:LONGEST].rstrip('.') if lines else type(error).__name__}. {LOOK}."


def take_over() -> None:
    """Have nbgrader's commands and pages look first. Its configuration says it, in the lab of graders."""
    from nbgrader import converters
    from nbgrader.apps import api, generateassignmentapp
    from nbgrader.converters.base import NbGraderException
    from nbgrader.converters.generate_assignment import GenerateAssignment
    from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError, ValidationError
    from nbgrader.preprocessors import CheckCellMetadata

    class ToldGenerateAssignment(GenerateAssignment):
        """nbgrader's, which looks at each notebook before it changes anything."""

        def convert_notebooks(self) -> None:
            """Make them. :raises NbGraderException: one is broken; the log says which, and what to do."""
            checks = CheckCellMetadata(parent=self.exporter).enabled
            look = trouble if checks else validation.flaw
            names = sorted(name for each in self.assignments.values() for name in each)
            wrong = {name: why for name in names if (why := look(Path(name)))}
            for name, why in wrong.items():
                self.log.error("%s: %s", os.path.normpath(name), why)
            if wrong:
                self.log.error("Nothing was made or changed.")
                raise NbGraderException("Please see the above messages for details on the specific errors.")
            self._is_told = False
            with without_traceback(self.log, lambda: self._is_told):
                super().convert_notebooks()

        def convert_single_notebook(self, notebook_filename: str) -> None:
            """Make one, and say what is wrong with it."""
            try:
                super().convert_single_notebook(notebook_filename)
            except (SchemaTooOldError, SchemaTooNewError):
                self.log.error("%s:", os.path.normpath(notebook_filename))
                raise
            except (ValidationError, ValueError, RuntimeError) as error:
                self.log.error("%s: %s", os.path.normpath(notebook_filename), reason_of(error))
                self._is_told = True
                raise

    for module in (converters, api, generateassignmentapp):
        module.GenerateAssignment = ToldGenerateAssignment
