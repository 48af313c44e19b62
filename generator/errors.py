"""What a user's mistake looks like: cause, place, remedy, and an exit code; never a traceback."""

from __future__ import annotations


class HomeroomError(Exception):
    """A fault the operator can mend.

    :param cause: what is wrong, in one sentence.
    :param place: where: a file and line, a setting, a command; None where the cause says it.
    :param remedy: what to do about it.
    """

    exit_code = 2

    def __init__(self, cause: str, *, place: str | None = None, remedy: str) -> None:
        super().__init__(cause)
        self.cause = cause
        self.place = place
        self.remedy = remedy

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place else ""
        return f"{where}{self.cause}\n  {self.remedy}"


class SeveralErrors(HomeroomError):
    """Several faults found in one pass, shown together so that they are mended together."""

    def __init__(self, errors: list[HomeroomError]) -> None:
        super().__init__(f"{len(errors)} things to mend", remedy="")
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def raise_all(errors: list[HomeroomError]) -> None:
    """Raise what was found: nothing, the one error, or all of them together."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise SeveralErrors(errors)
