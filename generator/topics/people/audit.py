"""`make audit`: what was done to people, and whether nobody changed what is written of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from generator.core.console import counted, note, out, quoted, table
from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.topics.copies import last
from generator.topics.people import records

SHOWN = 50


def audit(deployment: Deployment, name: str, *, everything: bool) -> None:
    """Show what was done, and check it.

    :param name: to this person, or by them; empty: all.
    :param everything: all lines, not only the last ones.
    :raises HomeroomError: something was changed or is missing.
    """
    found = [_event(line) for line in records.log(deployment)]
    fitting = [one for one in found if not name or name in (one.get("who"), one.get("whom"))]
    shown = fitting if everything else fitting[-SHOWN:]
    rows = table("when", "who", "what", "whom", "why")
    for one in shown:
        rows.add_row(*(quoted(cell) for cell in _cells(one)))
    if shown:
        out.print(rows)
    if len(shown) < len(fitting):
        note(f"and {counted(len(fitting) - len(shown), 'earlier line')}: ALL=1 shows them")
    verify(deployment)


def _event(line: str) -> Mapping[str, str]:
    """A line's event; one that is none of the log's is shown as it is, and `verify` tells of it."""
    try:
        found = json.loads(line)
    except ValueError:
        found = None
    return {name: str(value) for name, value in (found if isinstance(found, dict) else {"what": line}).items()}


def _cells(event: Mapping[str, str]) -> Sequence[str]:
    when = event.get("at", "")
    with suppress(ValueError):
        when = f"{datetime.fromisoformat(when).astimezone():%Y-%m-%d %H:%M}"
    said = event.get("why", "")
    if (result := event.get("result", "done")) != "done":
        said = f"{result}: {said}"
    return when, event.get("who", ""), event.get("what", ""), event.get("whom", ""), said


def verify(deployment: Deployment) -> None:
    """Check the chain of lines, and its end against what the last copy saw.

    :raises HomeroomError: something was changed or is missing.
    """
    seen = last.read()
    words = [f"--number={seen.audit_number}", f"--digest={seen.audit_digest}"] if seen.audit_number else []
    answer = json.loads(records.ask(deployment, "verify", *words))
    if answer["faults"]:
        raise HomeroomError(
            "the log was changed: " + "; ".join(answer["faults"]),
            location=f"the volume {deployment.project}_{records.VOLUME}",
            remedy="Copies have it as it was (/copy/state/volumes/records/audit.jsonl), with the number and digest of "
            "its last line in their list. Find out who had root on this machine.",
        )
    against = f", up to number {seen.audit_number} as the last copy saw it" if seen.audit_number else ""
    note(f"{counted(answer['lines'], 'line')}, none changed{against}.")
