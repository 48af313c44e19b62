"""What the deployment beside found out, handed from there to the command that waits."""

from __future__ import annotations

from dataclasses import dataclass

FILE = "drilled.json"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a drill came to.

    :param is_well: whether all of it was well.
    :param signed_in: whether a person could sign in with a password; where nobody does that, it is not tried.
    :param whose: of whom a lab was started, with the files that came back.
    :param why: what was not well.
    """

    is_well: bool = False
    copy_made_at: str = ""
    homes: int = 0
    same: int = 0
    signed_in: bool = False
    whose: str = ""
    why: str = ""

    @property
    def words(self) -> str:
        """What was tried on it."""
        entered = (
            "Somebody signed in with a password, and" if self.signed_in else "Nobody signs in with a password here;"
        )
        return f"{entered} a cell was run in a lab of {self.whose}."
