"""Whether this deployment has moved to another server, and what its closed door says meanwhile."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from generator.core import json_file
from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.core.paths import RENDERED, ROOT

FILE = ROOT / ".moved"
TOLD = "moved.json"
ADDRESS = re.compile(r"(?:https?://)?[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?")
OPEN = ("edge", "proxy", "firewall")
"""The services that go on: people are told where to go. Without the others nobody signs in, and no lab is started."""
BACK = "`make move-back` opens this one again."


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A move.

    :param state: empty: there is none. closing: nobody can work, the last copy is not made yet. moved: it is.
    :param to: the address that people are sent to.
    :param copy: the name of the last copy.
    :param at: when that was begun, in ISO 8601.
    """

    state: str = ""
    to: str = ""
    copy: str = ""
    at: str = ""


def read(file: Path = FILE) -> Moved:
    """What is known."""
    return json_file.read(file, Moved)


def write(moved: Moved, file: Path = FILE, rendered: Path = RENDERED) -> None:
    """Keep it, and have the proxy tell people."""
    json_file.write(file, moved)
    if rendered.is_dir():
        write_atomically(rendered / TOLD, json.dumps({"state": moved.state, "to": moved.to}) + "\n")


def forget(file: Path = FILE, rendered: Path = RENDERED) -> None:
    """There is no move any more."""
    (rendered / TOLD).unlink(missing_ok=True)
    file.unlink(missing_ok=True)


def address(text: str) -> str:
    """The address that people are sent to, whole.

    :raises HomeroomError: it is none.
    """
    if not ADDRESS.fullmatch(text):
        raise HomeroomError(
            f"{text} is no address of a hub" if text else "TO is missing: where does it move to?",
            location="TO",
            remedy="Name the address that people will open: `make move TO=https://hub.example.edu/`.",
        )
    return text if "://" in text else f"https://{text}"


def require_here(moved: Moved | None = None) -> None:
    """See that this deployment may run: with another of the same people beside it, work would be lost in one of them.

    :raises HomeroomError: it has moved, or a move of it was cut off.
    """
    if fault := told(moved):
        raise fault


def told(moved: Moved | None = None) -> HomeroomError | None:
    """That this deployment moved, and where to; None where it is to run here.

    :raises HomeroomError: a move of it was cut off.
    """
    known = read() if moved is None else moved
    if known.state == "closing":
        raise HomeroomError(
            f"a move to {known.to} was begun and not ended",
            location=FILE.name,
            remedy=f"`make move TO={known.to}` goes on with it; {BACK}",
        )
    if not known.state:
        return None
    return HomeroomError(
        f"this deployment moved to {known.to} on {known.at[:10]}",
        location=FILE.name,
        remedy=f"If both ran, what people do in one of them would be lost. {BACK}",
    )
