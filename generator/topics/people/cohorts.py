"""`make user-remove GROUP=biology` and `INACTIVE_DAYS=400`: many people leave at once. It shows whom; the number of
people, typed, does it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from generator.core.console import counted, note, out, quoted, table
from generator.core.errors import HomeroomError, did_you_mean
from generator.engine.deployment import Deployment
from generator.topics.people import removal

SHOWN = 100
DIGITS = 6
LEAST_INACTIVE_DAYS = 7


def days_of(text: str) -> int:
    """How many days INACTIVE_DAYS says; 0 where it is not given.

    :raises HomeroomError: it is no number of days, or so few that it would be everybody.
    """
    return _number(text, "INACTIVE_DAYS", least=LEAST_INACTIVE_DAYS) if text else 0


def number_of_people(text: str) -> int:
    """How many people PEOPLE says; 0 where it is not given. :raises HomeroomError: it is no number."""
    return _number(text, "PEOPLE", least=1) if text else 0


def _number(text: str, name: str, *, least: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= DIGITS and int(text) >= least):
        raise HomeroomError(
            f"{name}={text[:40]} is no number from {least} on", location=name, remedy=f"Run it with {name}=400."
        )
    return int(text)


def remove(deployment: Deployment, group: str, inactive_days: int, people: str, why: str) -> None:
    """Show who would be removed; remove them where their number is typed.

    :param group: whose members; empty: everybody's.
    :param inactive_days: only who was not here for so many days; 0: all.
    :param people: how many they are, as it was shown; empty: it is only shown.
    :raises HomeroomError: there is no such group, or they are not so many.
    """
    typed = number_of_people(people)
    answer = removal.ask(deployment, "cohort", group=group, inactive_days=inactive_days)
    if group and group not in answer["groups"]:
        raise HomeroomError(
            f"nobody is in a group {quoted(group)}", location="GROUP", remedy=did_you_mean(group, answer["groups"])
        )
    going, staying = chosen(answer["people"], deployment.settings.JUPYTERHUB_ADMIN)
    for one, reason in staying:
        note(f"Left out: {quoted(one['name'])}, {reason}")
    if not going:
        note("Nobody would be removed.")
        return
    if not typed:
        _show(going)
        note(
            f"These are {counted(len(going), 'user')} of {answer['of']}. Nobody was removed: the same command with "
            f"PEOPLE={len(going)} removes them."
        )
        return
    if typed != len(going):
        raise HomeroomError(
            f"they are {len(going)} now, not {typed}; nobody was removed",
            location="PEOPLE",
            remedy="Run it without PEOPLE: it shows whom it would remove.",
        )
    removal.remove(deployment, [one["name"] for one in going], why or _reason(group, inactive_days))


def chosen(
    people: Sequence[Mapping[str, Any]], administrator: str
) -> tuple[list[Mapping[str, Any]], list[tuple[Mapping[str, Any], str]]]:
    """Who of them goes, and who is left out and why: administrators, and who is here now."""
    going, staying = [], []
    for one in people:
        if why := why_stays(admin=one["admin"] or one["name"] == administrator, here=one["here"]):
            staying.append((one, why))
        else:
            going.append(one)
    return going, staying


def why_stays(*, admin: bool, here: bool) -> str:
    """Why somebody is left out when many leave at once; empty: they go."""
    return "an administrator" if admin else "who is here now" if here else ""


def _reason(group: str, inactive_days: int) -> str:
    parts = [f"group {group}" if group else "", f"not here for {inactive_days} days" if inactive_days else ""]
    return ", ".join(filter(None, parts))


def _show(going: Sequence[Mapping[str, Any]]) -> None:
    rows = table("would be removed", "last here")
    for one in going[:SHOWN]:
        when = f"{datetime.fromtimestamp(one['last']):%Y-%m-%d}" if one["last"] else "never"
        days = f", {(time.time() - one['last']) / removal.DAY_SECONDS:.0f} days ago" if one["last"] else ""
        rows.add_row(quoted(one["name"]), f"{when}{days}")
    out.print(rows)
    if len(going) > SHOWN:
        note(f"and {len(going) - SHOWN} more")
