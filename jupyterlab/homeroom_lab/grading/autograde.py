"""`nbgrader autograde`, with notebooks run in sealed containers instead of here, several at once.

Gradebook, scores and files are nbgrader's own code, and one process writes them. Each submission is first made ready as
nbgrader does it; then the desk has it run; then it is graded in the order in which runs end. What is graded appears in
`autograded/` whole, so a run that is killed half-way and started again goes on where it was.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy.exc
from nbconvert.preprocessors import ClearMetadataPreprocessor, ExecutePreprocessor
from nbformat import ValidationError, from_dict
from nbgrader.api import Gradebook
from nbgrader.converters.autograde import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.nbgraderformat import SchemaTooNewError, SchemaTooOldError
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    Execute,
    IgnorePattern,
    LimitOutput,
    NbGraderPreprocessor,
    SaveAutoGrades,
)
from nbgrader.utils import is_grade, is_solution, is_task, setenv
from traitlets import List
from traitlets.utils.importstring import import_item

from homeroom_lab.grading import desk_runs, outputs
from homeroom_lab.grading.one_engine import one_engine
from homeroom_lab.grading.progress import Progress
from homeroom_lab.grading.told import without_traceback

STAGE = Path(".homeroom/autograde")
"""Below the course's directory: what is on its way, one folder a process."""
LOCK = Path(".homeroom/autograde.lock")
AHEAD = 2
"""So many submissions more than run at a time are made ready."""
ENDS_ALL = (sqlalchemy.exc.OperationalError, SchemaTooOldError, SchemaTooNewError)
"""What is wrong with all submissions, and not with one."""


NOT_READY = "It could not be made ready: see the log."
UNREADABLE = (ValueError, ValidationError, RecursionError, AttributeError, KeyError, TypeError)
"""What reading a notebook comes to that somebody wrote by hand, or half."""


class SealedExecute(Execute):
    """In the place of `Execute`: gives a notebook the outputs that its run brought. Nothing is run here."""

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Take them."""
        ran = self.parent.parent.ran_of(resources["nbgrader"]["notebook"])
        resources["homeroom_trouble"] = outputs.take(nb.cells, ran, from_dict)
        return nb, resources

    def order(self) -> dict[str, Any]:
        """What the run of a notebook is told of times."""
        return {
            "timeout_seconds": self.timeout,
            "interrupt": self.interrupt_on_timeout,
            "idle_seconds": self.iopub_timeout,
            "error_on_timeout": self.error_on_timeout,
        }


class MarkTrouble(NbGraderPreprocessor):
    """Where a notebook did not run as a whole, has people look at it, and says why in the comments of its answers."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Mark it, if there is something."""
        reason = resources.get("homeroom_trouble")
        if not reason:
            return nb, resources
        told = resources["nbgrader"]
        names = told["notebook"], told["assignment"], told["student"]
        with Gradebook(told["db_url"]) as gradebook:
            for cell in nb.cells:
                if is_grade(cell):
                    gradebook.find_grade(cell.metadata.nbgrader["grade_id"], *names).needs_manual_grade = True
                if is_solution(cell) or is_task(cell):
                    gradebook.find_comment(cell.metadata.nbgrader["grade_id"], *names).auto_comment = reason
            gradebook.db.commit()
        self.parent.parent.troubles.append(reason)
        return nb, resources


@dataclass
class Submission:
    """One on its way.

    :param path: its folder among those that were handed in.
    :param notebooks: those that were made ready.
    """

    path: str
    assignment: str = ""
    student: str = ""
    notebooks: list[str] = field(default_factory=list)


class SealedAutograde(Autograde):
    """nbgrader's, in two halves that are each its own code: making ready, and grading what was run."""

    autograde_preprocessors = List(
        [
            SealedExecute,
            IgnorePattern,
            ClearMetadataPreprocessor,
            LimitOutput,
            SaveAutoGrades,
            MarkTrouble,
            AssignLatePenalties,
            CheckCellMetadata,
        ]
    ).tag(config=True)

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.troubles: list[str] = []
        self._ran: dict[str, Any] = {}
        self._now = Submission("")
        self._why = ""

    @property
    def _stage(self) -> str:
        return str(STAGE / str(os.getpid()))

    @property
    def _input_directory(self) -> str:
        return str(self.coursedir.submitted_directory) if self._sanitizing else f"{self._stage}/ready"

    @property
    def _output_directory(self) -> str:
        return f"{self._stage}/ready" if self._sanitizing else f"{self._stage}/graded"

    def _init_preprocessors(self) -> None:
        """Have nothing run here that was handed in, whatever somebody's configuration says."""
        super()._init_preprocessors()
        if self._sanitizing:
            return
        self.exporter._preprocessors = []
        for each in self.autograde_preprocessors:
            found = import_item(each) if isinstance(each, str) else each
            runs = isinstance(found, type) and issubclass(found, ExecutePreprocessor)
            self.exporter.register_preprocessor(SealedExecute if runs else found)
        if MarkTrouble not in self.autograde_preprocessors:
            self.exporter.register_preprocessor(MarkTrouble)

    def ran_of(self, notebook: str) -> dict[str, Any]:
        """What the run of a notebook brought; where there is nothing, that it came to nothing."""
        found: dict[str, Any] = self._ran.get(f"{notebook}.ipynb") or {"cells": {}, "trouble": {"why": "fault"}}
        return found

    def convert_notebooks(self) -> None:
        """Grade all. :raises NbGraderException: some could not be; the others are."""
        with one_engine():
            self._convert_all()

    def _convert_all(self) -> None:
        _remove_left(Path(self.coursedir.root) / STAGE)
        todo, failed = sorted(self.assignments.items()), list[str]()
        progress = Progress(Path(self.coursedir.root), self.coursedir.assignment_id, len(todo))
        going: dict[Future[dict[str, Any]], Submission] = {}
        executes = SealedExecute(parent=self.exporter)
        at_once = desk_runs.at_once() + AHEAD if executes.enabled else 1
        pool = ThreadPoolExecutor(at_once)
        try:
            while todo or going:
                while todo and len(going) < at_once:
                    submission = self._make_ready(*todo.pop(0), failed, progress)
                    if submission is None:
                        continue
                    order = {"notebooks": list(map(_name, submission.notebooks)), **executes.order()}
                    folder = Path(self._ready(submission))
                    execute = desk_runs.run if executes.enabled else _not_run
                    going[pool.submit(execute, order, folder)] = submission
                done, _ = wait(going, timeout=60, return_when=FIRST_COMPLETED)
                for each in done:
                    self._grade(going.pop(each), each, failed, progress)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            shutil.rmtree(Path(self.coursedir.root, self._stage), ignore_errors=True)
            progress.end()
        if failed:
            for one in failed:
                self.log.error("There was an error processing assignment '%s'", one)
            raise NbGraderException("Please see the above messages for details on the specific errors.")

    def _ready(self, submission: Submission) -> str:
        path: str = self.coursedir.format_path(f"{self._stage}/ready", submission.student, submission.assignment)
        return path

    def _make_ready(self, path: str, notebooks: list[str], failed: list[str], progress: Progress) -> Submission | None:
        """The first half; None: it is graded already, or could not be made ready."""
        self._now, self._why = Submission(path), ""
        if not self._half(path, notebooks, sanitizing=True):
            failed.append(path)
            student = _name(str(Path(path).parent))
            self.log.error("%s of %s: %s", self._now.assignment, student, self._why or NOT_READY)
            progress.failed(student, self._why or NOT_READY)
            return None
        if not self._now.notebooks:
            progress.done(self._now.student or _name(str(Path(path).parent)))
            return None
        return self._now

    def _grade(
        self, submission: Submission, run: Future[dict[str, Any]], failed: list[str], progress: Progress
    ) -> None:
        """The second half."""
        self._now, self.troubles, self._why = submission, [], ""
        try:
            self._ran = run.result()
        except desk_runs.NotRun as error:
            self.log.error("%s of %s: %s", submission.assignment, submission.student, error)
            failed.append(submission.path)
            progress.failed(submission.student, str(error))
            return
        if self._half(self._ready(submission), submission.notebooks, sanitizing=False):
            for reason in self.troubles:
                self.log.warning("%s of %s: %s", submission.assignment, submission.student, reason)
            progress.done(submission.student, self.troubles)
        else:
            failed.append(submission.path)
            progress.failed(submission.student, "It could not be graded: see the log.")
        shutil.rmtree(self._ready(submission), ignore_errors=True)

    def _half(self, path: str, notebooks: list[str], *, sanitizing: bool) -> bool:
        """One half for one submission, by nbgrader's own loop. :raises NbGraderException: it is the same for all."""
        self._sanitizing = sanitizing
        self.assignments = {path: notebooks}
        try:
            with self._alone(), without_traceback(self.log, lambda: bool(self._why)):
                super().convert_notebooks()
                if not sanitizing:
                    self._publish()
        except NbGraderException as error:
            if isinstance(error.__context__, ENDS_ALL):
                raise
            return False
        finally:
            self._sanitizing = True
        return True

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the one that writes into the gradebook: the pages' autograding is a process, too."""
        path = Path(self.coursedir.root) / LOCK
        path.parent.mkdir(exist_ok=True)
        with path.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _publish(self) -> None:
        """Put what was graded to the others, in the place of what was there before."""
        made = Path(self._format_dest(self._now.assignment, self._now.student))
        target = Path(self._final(self._now.assignment, self._now.student))
        if self.coursedir.notebook_id == "*":
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.exists():
                target.rename(made.with_name(f"{made.name}.before"))
            made.rename(target)
        else:
            target.mkdir(parents=True, exist_ok=True)
            for file in (each for each in made.rglob("*") if each.is_file()):
                place = target / file.relative_to(made)
                place.parent.mkdir(parents=True, exist_ok=True)
                file.replace(place)

    def _final(self, assignment: str, student: str) -> str:
        path: str = self.coursedir.format_path(self.coursedir.autograded_directory, student, assignment)
        return path

    @contextlib.contextmanager
    def _telling_why(self, notebook: str = "") -> Iterator[None]:
        """Keep why a submission cannot be made ready: nbgrader's loop has a traceback of it, and no more."""
        try:
            yield
        except Exception as error:
            why = _reason_of(error)
            self._why = f"{why} It is {_name(notebook)}." if why and notebook else why
            raise

    # What nbgrader's loop calls, in its order.

    def init_destination(self, assignment_id: str, student_id: str) -> bool:
        """Whether a submission is to be graded: it was not, is newer than what was, or `--force` says so."""
        if not self._sanitizing:
            return True
        self._now.assignment, self._now.student = assignment_id, student_id
        if student_id in self.coursedir.student_id_exclude.split(","):
            return False
        target = Path(self._final(assignment_id, student_id))
        whole = self.coursedir.notebook_id == "*"
        there = target.is_dir() if whole else all((target / _name(each)).exists() for each in self.notebooks)
        if not there or self.force:
            return True
        new = self.coursedir.get_existing_timestamp(self._format_source(assignment_id, student_id))
        old = self.coursedir.get_existing_timestamp(str(target))
        if new is not None and old is not None and new > old:
            return True
        self.log.info("Skipping existing assignment: %s", target)
        return False

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Have student, submission and files."""
        if self._sanitizing:
            with self._telling_why():
                super().init_assignment(assignment_id, student_id)
        else:
            BaseConverter.init_assignment(self, assignment_id, student_id)

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Make a notebook ready, or grade it."""
        self._init_preprocessors()
        if self._sanitizing:
            self.log.info("Sanitizing %s", notebook_filename)
            with self._telling_why(notebook_filename):
                BaseConverter.convert_single_notebook(self, notebook_filename)
            self._now.notebooks.append(str(Path(self.writer.build_directory) / _name(notebook_filename)))
        else:
            self.log.info("Autograding %s", notebook_filename)
            with setenv(NBGRADER_EXECUTION="autograde"):
                BaseConverter.convert_single_notebook(self, notebook_filename)

    def set_permissions(self, assignment_id: str, student_id: str) -> None:
        """Close what is graded against changes."""
        if not self._sanitizing:
            super().set_permissions(assignment_id, student_id)

    def run_pre_convert_hook(self) -> None:
        """Once for each submission."""
        if self._sanitizing:
            super().run_pre_convert_hook()

    def run_post_convert_hook(self) -> None:
        """Once for each submission."""
        if not self._sanitizing:
            super().run_post_convert_hook()


def _reason_of(error: Exception) -> str:
    """Why a submission cannot be made ready, in words; empty: that is for the log."""
    if isinstance(error, NbGraderException) and "No notebooks found" in str(error):
        return "It has no notebook that is called as one of the assignment's. Have it handed in again."
    if isinstance(error, ValidationError) and "nbgrader" in str(error):
        return "The cells in it that are graded are not those of the assignment. Look at it by hand."
    if isinstance(error, UNREADABLE):
        return "A notebook of it is damaged, or none at all. Have it handed in again."
    return ""


def _not_run(_: dict[str, Any], __: Path) -> dict[str, Any]:
    """With `--no-execute` outputs stay as they were handed in."""
    return {}


def _name(path: str) -> str:
    return Path(path).name


def _remove_left(stage: Path) -> None:
    """Remove what processes left behind that are gone."""
    for folder in stage.glob("*"):
        if not folder.name.isdecimal() or not Path("/proc", folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)


def take_over() -> None:
    """Have nbgrader's commands and pages grade in this way. Its configuration says it, in the lab of graders."""
    from nbgrader import converters
    from nbgrader.apps import api, autogradeapp

    for module in (converters, api, autogradeapp):
        module.Autograde = SealedAutograde
