"""Groups that end: who leaves when, what was noticed and mailed, and whose day is over. Pure decisions; what is done
with them is in `leaving`.

A group's last day stands in site/groups.yaml. Who is in it leaves after that day, unless they are in another group that
goes on: in one with a later day they leave then, in one without a day never. Groups that are only included count for
nobody. `homeroom.people.ends` has the same rule for the home page, which a test holds equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

LONGEST_GAP_DAYS = 3
"""By the clock it is looked each day. After a longer gap the clock may have gone astray, or the machine was off."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One group of the site's file.

    :param ends: its last day; None: it goes on.
    """

    members: frozenset[str] = frozenset()
    ends: date | None = None


@dataclass(frozen=True, kw_only=True)
class Leaver:
    """Somebody whose groups all end.

    :param last_day: of the group that ends last.
    :param groups: those that end on that day.
    """

    name: str
    last_day: date
    groups: tuple[str, ...]
    email: str = ""
    admin: bool = False
    here: bool = False

    def days_left(self, today: date) -> int:
        """Until the last day; below 0: it is over."""
        return (self.last_day - today).days


@dataclass
class Noticed:
    """What is kept from one look to the next.

    :param looked_on: the day of the last look by the clock, in ISO 8601; empty: there was none.
    :param held: why nobody is removed by the clock until the operator says so; empty: nothing is odd.
    :param waiting: what waits for the operator's word since the last look, in words; empty: nothing does.
    :param since: by name, the last day and the day from which the person could see it: `2027-02-28 2027-01-30`.
    :param mailed: by name, of how many days before the last one a mail told.
    """

    looked_on: str = ""
    held: str = ""
    waiting: str = ""
    since: dict[str, str] = field(default_factory=dict)
    mailed: dict[str, list[int]] = field(default_factory=dict)


def notice_days(text: str) -> tuple[int, ...]:
    """How many days before people are told, the most first."""
    return tuple(sorted({int(each) for each in text.split(",")}, reverse=True))


def leavers(people: Iterable[Mapping[str, Any]], rules: Mapping[str, Rule]) -> list[Leaver]:
    """Who leaves, the first ones first.

    :param people: of each the name, the hub's groups they are in, and what else the hub knows.
    """
    found = []
    for one in people:
        own = {*one["groups"], *(name for name, rule in rules.items() if one["name"] in rule.members)}
        days = [rules[name].ends if name in rules else None for name in own]
        ends = [day for day in days if day is not None]
        if not ends or len(ends) < len(days):
            continue
        last = max(ends)
        groups = tuple(sorted(name for name in own if rules[name].ends == last))
        fields = {"email": one.get("email", ""), "admin": bool(one["admin"]), "here": bool(one["here"])}
        found.append(Leaver(name=one["name"], last_day=last, groups=groups, **fields))
    return sorted(found, key=lambda each: (each.last_day, each.name))


def look(known: Noticed, found: Sequence[Leaver], today: date, notice: Sequence[int]) -> Noticed:
    """What is known after a look by the clock: from when on each person could see it, and whether something is odd."""
    seen = {}
    for one in found:
        if one.days_left(today) <= max(notice):
            before = known.since.get(one.name, "").split(" ")
            same = before[0] == one.last_day.isoformat()
            seen[one.name] = " ".join((one.last_day.isoformat(), before[1] if same else today.isoformat()))
    kept = {name: days for name, days in known.mailed.items() if seen.get(name) and seen[name] == known.since.get(name)}
    odd = known.held or oddity(known, today)
    return Noticed(
        looked_on=today.isoformat(),
        held=odd if any(is_over(one, today) for one in found) else "",
        since=seen,
        mailed=kept,
    )


def oddity(known: Noticed, today: date) -> str:
    """Whether the clock looks wrong since the last look, in words; empty: no."""
    if not known.looked_on:
        return ""
    days = (today - date.fromisoformat(known.looked_on)).days
    if days < 0:
        return f"the last look was {-days} days later than now, by this machine's clock"
    return f"the last look was {days} days ago, by this machine's clock" if days > LONGEST_GAP_DAYS else ""


def is_over(one: Leaver, today: date) -> bool:
    """Whether somebody's last day is over."""
    return one.days_left(today) < 0


def due(known: Noticed, found: Sequence[Leaver], today: date, notice: Sequence[int]) -> list[Leaver]:
    """Whose last day is over, and who could see it for the shortest notice: also where the day was set late."""
    patience = timedelta(days=min(notice))
    gone = []
    for one in found:
        _, _, since = known.since.get(one.name, "").partition(" ")
        if is_over(one, today) and since and date.fromisoformat(since) + patience <= today:
            gone.append(one)
    return gone


def to_mail(known: Noticed, found: Sequence[Leaver], today: date, notice: Sequence[int]) -> list[tuple[Leaver, int]]:
    """Who is to have a mail now, and for which notice: one mail each, also where several notices are due."""
    wanted = []
    for one in found:
        left = one.days_left(today)
        reached = [days for days in notice if 0 <= left <= days]
        if one.email and reached and min(reached) not in known.mailed.get(one.name, []):
            wanted.append((one, min(reached)))
    return wanted
