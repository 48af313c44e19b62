"""`nbgrader list`, and what nbgrader's pages list: what is released, and what was handed in."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeList

from homeroom_lab import desk
from homeroom_lab.desk import NoDesk
from homeroom_lab.exchange.by_desk import ByDesk, path
from homeroom_lab.exchange.fetch_feedback import folder_name

Values = dict[str, Any]


class List(ByDesk, ExchangeList):
    """Lists as nbgrader does, of what the desk knows. In a grader lab that is the whole course's."""

    def init_dest(self) -> None:
        """Nothing is looked for in directories."""
        self.assignments: list[str] = []

    def parse_assignments(self) -> list[Values]:
        """What there is, as nbgrader's pages want it; nothing in a lab without a desk."""
        try:
            if self.inbound or self.cached:
                return _grouped(self._submitted(each) for each in self._hand_ins())
            released = desk.ask("/released")["released"]
        except NoDesk as error:
            self.log.warning("%s", error)
            return []
        return [self._released(each) for each in released if self.is_asked_for(each)]

    def list_files(self) -> list[Values]:
        """List them; where nothing of what was named is there, say so."""
        found: list[Values] = super().list_files()
        named = [each for each in (self.coursedir.course_id, self.coursedir.assignment_id) if each not in ("", "*")]
        if named and not found:
            self.log.info("None of %s. Without a name all are listed.", " ".join(named))
        return found

    def _hand_ins(self) -> list[Values]:
        student = self.coursedir.student_id or "*"
        found: list[Values] = desk.ask("/hand-ins")["hand_ins"]
        return [each for each in found if self.is_asked_for(each) and fnmatchcase(each["student"], student)]

    def _folder(self, values: Values) -> Path:
        """Where an assignment is, or would be, in this home."""
        course = [values["course"]] if self.path_includes_course else []
        return Path(os.path.abspath(self.assignment_dir)).joinpath(*course, values["assignment"])  # noqa: PTH100

    def _released(self, values: Values) -> Values:
        folder = self._folder(values)
        fetched = folder.exists()
        names = sorted(each.stem for each in folder.glob("*.ipynb")) if fetched else values["notebooks"]
        state = "fetched" if fetched else "released"
        return {
            "course_id": values["course"],
            "assignment_id": values["assignment"],
            "status": "removed" if self.remove else state,
            "path": str(folder),
            "waiting": values.get("state") == "waiting",
            "notebooks": [{"notebook_id": name, "path": str(folder / f"{name}.ipynb")} for name in names],
        }

    def _submitted(self, values: Values) -> Values:
        feedback: dict[str, str] = values.get("feedback", {})
        folder = self._folder(values)
        fetched = folder / "feedback" / folder_name(values)
        notebooks = [_notebook(name, folder, fetched, feedback) for name in values["notebooks"]]
        there = bool(notebooks) and all(each["has_local_feedback"] for each in notebooks)
        ready = bool(notebooks) and all(each["has_exchange_feedback"] for each in notebooks)
        return {
            "course_id": values["course"],
            "student_id": values["student"],
            "assignment_id": values["assignment"],
            "timestamp": values["timestamp"],
            "status": "submitted",
            "path": str(folder),
            "notebooks": notebooks,
            "has_local_feedback": there,
            "has_exchange_feedback": ready or bool(values.get("feedback_out")),
            "feedback_updated": any(each["feedback_updated"] for each in notebooks),
            "local_feedback_path": str(fetched) if there else None,
        }

    def format_outbound_assignment(self, info: Values) -> str:
        """A line of the list."""
        waits = " (waits for a teacher)" if info["waiting"] else ""
        return f"{super().format_outbound_assignment(info)}{waits}"

    def remove_files(self) -> list[Values]:
        """Take assignments back. What was handed in stays."""
        if self.inbound or self.cached:
            self.fail("What was handed in stays at the hand-in desk.")
        assignments = self.parse_assignments()
        for name in sorted({each["assignment_id"] for each in assignments}):
            desk.ask(path("released", name), method="DELETE")
            self.log.info("Removed: %s", name)
        return assignments


def _notebook(name: str, folder: Path, fetched: Path, feedback: dict[str, str]) -> Values:
    """A notebook that was handed in, and whether its feedback is here, at the desk, or newer there."""
    file = f"{name}.html"
    local = fetched / file
    here = hashlib.sha256(local.read_bytes()).hexdigest() if local.is_file() else None
    return {
        "notebook_id": name,
        "path": str(folder / f"{name}.ipynb"),
        "has_local_feedback": here is not None,
        "has_exchange_feedback": file in feedback,
        "local_feedback_path": str(local) if here else None,
        "feedback_updated": bool(here and file in feedback and feedback[file] != here),
    }


def _grouped(found: Iterable[Values]) -> list[Values]:
    """Hand-ins by course, student and assignment, the first first."""
    groups: dict[tuple[str, str, str], list[Values]] = {}
    for each in found:
        groups.setdefault((each["course_id"], each["student_id"], each["assignment_id"]), []).append(each)
    return [
        {
            "course_id": course,
            "student_id": student,
            "assignment_id": assignment,
            "status": "submitted",
            **{"submissions": sorted(submissions, key=lambda each: str(each["timestamp"]))},
        }
        for (course, student, assignment), submissions in sorted(groups.items())
    ]
