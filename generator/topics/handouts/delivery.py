"""How handouts came to each person, for `make handouts`: what was published, and what labs told the hub of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from generator.core.console import counted, note, out, quoted, table, warn
from generator.core.errors import HomeroomError, did_you_mean
from generator.core.finding import in_units
from generator.engine import hub_module
from generator.engine.deployment import Deployment
from generator.topics.handouts.handouts import Known
from generator.topics.handouts.state import State

MODULE = "homeroom.handouts.report"
STATES = {
    "delivered": "delivered",
    "full": "home is full",
    "failed": "could not be copied",
    "coming": "comes with the next start of the lab, or within a minute where it runs",
    "never": "never started a lab",
}
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the hub knows.

    :param members: of each group.
    :param never_started: who never had a lab.
    :param told: by (person, handout), what their lab told last.
    """

    people: Sequence[str]
    members: Mapping[str, Sequence[str]]
    never_started: frozenset[str]
    told: Mapping[tuple[str, str], Mapping[str, Any]]


def ask(deployment: Deployment, groups: Mapping[str, Any]) -> Answer:
    """Ask the hub. :raises HomeroomError: it does not run."""
    given = {name: {key: group[key] for key in ("members", "hub_groups")} for name, group in groups.items()}
    found = hub_module.ask(deployment, MODULE, about="who has which handout", given=json.dumps(given))
    return Answer(
        people=found["people"],
        members=found["members"],
        never_started=frozenset(found["never_started"]),
        told={(one["user"], one["name"]): one for one in found["told"]},
    )


def of(one: Known, revision: str, answer: Answer) -> dict[str, str]:
    """The state of one handout with each person who is to have it: a key of STATES."""
    wanted: set[str] = set()
    for audience in one.audiences:
        groups = audience.groups
        wanted.update(answer.people if groups is None else chain(*(answer.members.get(each, ()) for each in groups)))
    return {person: _state(person, one.name, revision, answer) for person in sorted(wanted)}


def _state(person: str, name: str, revision: str, answer: Answer) -> str:
    told = answer.told.get((person, name))
    if told and (told["revision"] == revision or told["state"] != "delivered"):
        return str(told["state"])
    return "never" if person in answer.never_started or person not in answer.people else "coming"


def show(known: Sequence[Known], found: State, answer: Answer | None, now: datetime, name: str = "") -> None:
    """Print them, or one with each person.

    :raises HomeroomError: there is no handout of this name.
    """
    names = {one.name for one in known}
    if name and name not in names:
        raise HomeroomError(f"there is no handout {quoted(name)}", location="NAME", remedy=did_you_mean(name, names))
    rows = table("handout", "for", "to", "visible", "holds")
    for one in known:
        published = found.handouts[one.name]
        holds = f"{counted(published.files, 'file')}, {in_units(published.size_bytes)}" if published.revision else ""
        who = ", ".join(audience.shown for audience in one.audiences)
        rows.add_row(one.name, quoted(who), quoted(one.handout.to), _visible(one, now), holds)
    out.print(rows)
    for one in known:
        published = found.handouts[one.name]
        if published.fault:
            warn(f"{one.name}: {published.fault}\n  {published.remedy}")
        if answer and published.revision and name in ("", one.name):
            for line in _people(of(one, published.revision, answer), everybody=bool(name)):
                note(f"{one.name}: {line}")
    for fetched in found.mirrors.values():
        if fetched.fault and fetched.commit:
            was = "what was fetched before is handed out"
            warn(f"A repository could not be fetched; {was}: {fetched.fault}\n  {fetched.remedy}")


def _visible(one: Known, now: datetime) -> str:
    if one.visible_at is None:
        return "yes"
    return "yes" if one.is_due(now) else f"from {one.visible_at:%a %d %b %Y %H:%M %Z}"


def _people(states: Mapping[str, str], *, everybody: bool) -> Iterator[str]:
    """Lines of how many have it, and who has not and why."""
    yield f"{sum(state == 'delivered' for state in states.values())} of {len(states)} have it"
    for state, words in STATES.items():
        names = [quoted(person) for person, each in states.items() if each == state]
        if names and (everybody or state != "delivered"):
            few = names if everybody else names[:SHOWN]
            more = f" and {len(names) - len(few)} more" if len(names) > len(few) else ""
            yield f"{words}: {', '.join(few)}{more}"
