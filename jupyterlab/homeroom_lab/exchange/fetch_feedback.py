"""`nbgrader fetch_feedback`: the feedback for one's own hand-ins comes into the assignment's folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nbgrader.exchange.default import ExchangeFetchFeedback

from homeroom_lab import desk
from homeroom_lab.exchange.by_desk import ByDesk, path


def folder_name(receipt: dict[str, Any]) -> str:
    """The folder of the feedback for a hand-in: `2026-10-12T23-59-01-K7QMX-3T9RA`."""
    moment = str(receipt["timestamp"])[:19].replace(" ", "T").replace(":", "-")
    return f"{moment}-{receipt['code']}"


class FetchFeedback(ByDesk, ExchangeFetchFeedback):
    """Fetches all there is for an assignment, each hand-in's into a folder of its own."""

    def init_src(self) -> None:
        """Know what there is."""
        self.take_course()
        self.src_path = "the hand-in desk"
        own = [each for each in desk.ask("/hand-ins")["hand_ins"] if self.is_asked_for(each)]
        self.found = [each for each in own if each["feedback"]]
        if not self.found:
            what = f"{self.coursedir.course_id} {self.coursedir.assignment_id}".strip()
            self.log.warning("There is no feedback for %s yet.", what)

    def do_copy(self, src: str, dest: str) -> None:
        """Fetch it. :raises ExchangeError: there is no room for it; what was there before is as it was."""
        try:
            for receipt in self.found:
                self._fetch(receipt, Path(dest))
        except OSError as error:
            self.fail(f"The feedback cannot be written into your home. Is it full? {error}")

    def _fetch(self, receipt: dict[str, Any], dest: Path) -> None:
        """Fetch what there is for one hand-in, each file whole or not at all."""
        with TemporaryDirectory() as folder:
            desk.fetch(path("feedback", receipt["code"]), Path(folder))
            target = dest / folder_name(receipt)
            target.mkdir(parents=True, exist_ok=True)
            for file in sorted(Path(folder).glob("*.html")):
                growing = target / f".{file.name}.new"
                try:
                    shutil.copy(file, growing)
                    growing.replace(target / file.name)
                finally:
                    growing.unlink(missing_ok=True)
                self.log.info("Fetched feedback: %s", target / file.name)
