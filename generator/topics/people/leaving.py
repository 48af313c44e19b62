"""`make group-ends`: shows who leaves when, and has those leave whose last day is over: by the clock, or as it is said.

By the clock nobody leaves without notice, nor many at once, nor while the clock looks wrong: then it says so and ends
with an error, of which the watchdog tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from generator.core import json_file
from generator.core.console import counted, note, out, quoted, table
from generator.core.errors import HomeroomError
from generator.core.lock import exclusive
from generator.core.paths import ROOT, SITE
from generator.engine.deployment import Deployment
from generator.site import reader
from generator.topics.labs.site import GROUPS, Groups
from generator.topics.people import end_mail, ends, removal
from generator.topics.people.cohorts import SHOWN, number_of_people, why_stays
from generator.topics.people.ends import Leaver, Noticed, Rule

FOLDER = ROOT / "people"
FILE = "group-ends.json"
BUSY = "another command has people leave just now"


def rules(site: Path = SITE) -> dict[str, Rule]:
    """The groups of site/groups.yaml, as far as it matters here."""
    found = reader.load(site / GROUPS, Groups)
    known = found.groups if found else {}
    return {name: Rule(members=frozenset(group.members), ends=group.ends) for name, group in known.items()}


def found_by(deployment: Deployment, known: dict[str, Rule]) -> list[Leaver]:
    """Who leaves, as the hub knows people now."""
    if not any(rule.ends for rule in known.values()):
        return []
    people = removal.ask(deployment, "memberships")["people"]
    for one in people:
        one["admin"] = one["admin"] or one["name"] == deployment.settings.JUPYTERHUB_ADMIN
    return ends.leavers(people, known)


def split(found: Iterable[Leaver]) -> tuple[list[Leaver], list[tuple[Leaver, str]]]:
    """Who goes, and who is left out and why."""
    going, staying = [], []
    for one in found:
        if why := why_stays(admin=one.admin, here=one.here):
            staying.append((one, why))
        else:
            going.append(one)
    return going, staying


def show_or_remove(deployment: Deployment, people: str, today: date) -> None:
    """Show who leaves when; with the number of those whose day is over, remove them.

    :param people: that number, as it was shown; empty: it is only shown.
    :raises HomeroomError: they are not so many.
    """
    typed = number_of_people(people)
    found = found_by(deployment, rules())
    over = [one for one in found if ends.is_over(one, today)]
    going, staying = split(over)
    for one, reason in staying:
        note(f"Left out: {quoted(one.name)}, {reason}")
    if not typed:
        _show(found, today)
        if going:
            note(f"The last day of {counted(len(going), 'user')} is over: PEOPLE={len(going)} removes them now.")
        return
    if typed != len(going):
        raise HomeroomError(
            f"the last day of {len(going)} is over, not of {typed}; nobody was removed",
            location="PEOPLE",
            remedy="Run it without PEOPLE: it shows whom it would remove.",
        )
    _remove(deployment, going)
    kept = read()
    kept.held, kept.waiting, kept.looked_on = "", "", today.isoformat()
    _write(kept)


def by_the_clock(deployment: Deployment, today: date) -> None:
    """Note who could see that they leave, mail who is to be told, and remove those whose time is over.

    :raises HomeroomError: they are too many at once, or the clock looks wrong; nobody is removed.
    """
    settings = deployment.settings
    notice = ends.notice_days(settings.GROUP_END_NOTICE_DAYS)
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    with exclusive(FOLDER, busy=BUSY):
        found = [one for one in found_by(deployment, rules()) if not one.admin]
        known = ends.look(read(), found, today, notice)
        _write(known)
        if not known.held:
            end_mail.tell(settings, known, ends.to_mail(known, found, today, notice), _write)
        due = ends.due(known, found, today, notice)
        going, _ = split(due)
        if not going:
            note("Nobody's last day is over.")
            return
        if known.held or len(going) > settings.GROUP_END_MOST:
            why = known.held or f"that is more than GROUP_END_MOST={settings.GROUP_END_MOST}"
            known.waiting = f"the last day of {counted(len(going), 'user')} is over, and {why}; nobody was removed"
            _write(known)
            raise HomeroomError(
                known.waiting,
                location="site/groups.yaml: ends",
                remedy=f"See to the clock, and who it is: `make group-ends`. PEOPLE={len(going)} removes them.",
            )
        _remove(deployment, going)


def _remove(deployment: Deployment, going: Sequence[Leaver]) -> None:
    """By group, so that the records say why."""
    by_group: dict[str, list[str]] = {}
    for one in going:
        by_group.setdefault(f"group {', '.join(one.groups)} ended on {one.last_day}"[:300], []).append(one.name)
    for why, names in by_group.items():
        removal.remove(deployment, names, why)


def _show(found: Sequence[Leaver], today: date) -> None:
    if not found:
        note("No group with people in it ends, or they all are in another that goes on.")
        return
    rows = table("leaves", "last day", "group")
    for one in found[:SHOWN]:
        left = one.days_left(today)
        when = f"in {counted(left, 'day')}" if left > 0 else "today" if left == 0 else "over"
        rows.add_row(quoted(one.name), f"{one.last_day}, {when}", ", ".join(one.groups))
    out.print(rows)
    if len(found) > SHOWN:
        note(f"and {len(found) - SHOWN} more")


def read() -> Noticed:
    """What was known after the last look."""
    return json_file.read(FOLDER / FILE, Noticed)


def _write(known: Noticed) -> None:
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    json_file.write(FOLDER / FILE, known)
