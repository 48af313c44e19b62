"""`nbgrader collect`: what was handed in at the desk comes into the course's directory, with the desk's time."""

from __future__ import annotations

import os
import shutil
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeCollect

from homeroom_lab import desk, grading
from homeroom_lab.desk import NotTaken
from homeroom_lab.exchange import due_dates
from homeroom_lab.exchange.by_desk import REFUSED, ByDesk, path

TIME, CODE = "timestamp.txt", "submission_secret.txt"
"""What nbgrader carries along with a submission: when it came, and here the code of its receipt."""

Values = dict[str, Any]


class Collect(ByDesk, ExchangeCollect):
    """The student is the person who handed in as the desk knows them, and nothing that is in a hand-in says else."""

    def init_src(self) -> None:
        """Know which hand-in counts of each student: the last one, or with `before_duedate` the last one in time.

        :raises NotTaken: nothing is collected in this lab.
        """
        if not grading.is_here():
            raise NotTaken("Hand-ins are collected in the course's grader lab, which the course's page opens.")
        self.take_course()
        due_dates.take_over(self.coursedir)
        student, excluded = self.coursedir.student_id or "*", set(self.coursedir.student_id_exclude.split(","))
        self.chosen: dict[str, Values] = {}
        for each in desk.ask("/hand-ins")["hand_ins"]:
            wanted = fnmatchcase(each["student"], student) and each["student"] not in excluded
            if wanted and each["assignment"] == self.coursedir.assignment_id:
                before = self.chosen.get(each["student"])
                late = self.before_duedate and each["late_seconds"] and before and not before["late_seconds"]
                if not late:
                    self.chosen[each["student"]] = each

    def copy_files(self) -> None:
        """Fetch those that are not there yet; with `update` also newer ones."""
        course, assignment = self.coursedir.course_id, self.coursedir.assignment_id
        if not self.chosen:
            self.log.warning("No submissions of '%s' for course '%s' to collect", assignment, course)
            return
        self.log.info("Processing %d submissions of '%s' for course '%s'", len(self.chosen), assignment, course)
        for student, hand_in in self.chosen.items():
            folder = Path(self.coursedir.format_path(self.coursedir.submitted_directory, student, assignment))
            if not folder.is_dir():
                self.log.info("Collecting submission: %s %s", student, assignment)
            elif _read(folder / CODE) == hand_in["code"]:
                self.log.info("No newer submission to collect: %s %s", student, assignment)
                continue
            elif self.update or self.before_duedate:
                self.log.info("Updating submission: %s %s", student, assignment)
            else:
                self.log.info("Submission already exists, use --update to update: %s %s", student, assignment)
                continue
            self.take(hand_in, folder)

    def take(self, hand_in: Values, folder: Path) -> None:
        """Have a folder be what was handed in, whole or not at all."""
        growing = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir(parents=True)
        try:
            desk.fetch(path("hand-ins", hand_in["code"]), growing)
            for left in leave_out(growing, [*self.coursedir.ignore, *REFUSED, TIME, CODE]):
                if left.name not in (TIME, CODE):
                    self.log.info("Left out of %s: %s", hand_in["code"], left)
            (growing / TIME).write_text(hand_in["timestamp"], encoding="utf-8")
            (growing / CODE).write_text(hand_in["code"], encoding="utf-8")
            if folder.is_dir():
                shutil.rmtree(folder)
            growing.rename(folder)
        finally:
            shutil.rmtree(growing, ignore_errors=True)


def leave_out(folder: Path, patterns: list[str]) -> list[Path]:
    """Remove what has one of these names, wherever it lies; returns what that was, as seen from the folder."""
    gone = []
    for place, folders, files in os.walk(folder):
        for name in sorted({*folders, *files}):
            if any(fnmatchcase(name, pattern) for pattern in patterns):
                found = Path(place, name)
                if name in folders:
                    folders.remove(name)
                    shutil.rmtree(found)
                else:
                    found.unlink()
                gone.append(found.relative_to(folder))
    return gone


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        return ""
