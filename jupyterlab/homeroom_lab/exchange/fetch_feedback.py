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
        """Fetch it."""
        for receipt in self.found:
            with TemporaryDirectory() as folder:
                desk.fetch(path("feedback", receipt["code"]), Path(folder))
                target = Path(dest) / folder_name(receipt)
                target.mkdir(parents=True, exist_ok=True)
                for file in sorted(Path(folder).glob("*.html")):
                    shutil.copy(file, target / file.name)
                    self.log.info("Fetched feedback: %s", target / file.name)
