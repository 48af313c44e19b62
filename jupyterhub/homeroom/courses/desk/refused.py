"""What the desk does not take, and why: for whoever hands in, in English, as everything that a lab says."""

from __future__ import annotations


class Refused(Exception):
    """A hand-in that is not taken.

    :param status: of the answer, as HTTP has it.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why
