"""Who is known to the hub, and why somebody was refused; from the host."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from typing import Any

from generator.core.console import LONGEST_QUOTED, plain
from generator.core.errors import HomeroomError
from generator.engine.deployment import Deployment
from generator.topics.sign_in.accounts import ask_hub

MODULE = "homeroom.sign_in.registry"
COLUMNS = ("user", "way", "name there", "e-mail", "groups", "last sign-in", "state")


def table(deployment: Deployment) -> str:
    """A table of everybody whom the hub knows, with a line for each way by which they sign in."""
    people = ask_hub(deployment, "people", module=MODULE)["people"]
    rows = [COLUMNS, *(_row(person) for person in people)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    users = len({person["name"] for person in people})
    return "\n".join([*lines, "", "1 person" if users == 1 else f"{users} people"])


def _row(person: Mapping[str, Any]) -> tuple[str, ...]:
    there = " ".join(filter(None, (person["source_name"], f"({name})" if (name := person["display_name"]) else "")))
    when = _time(person["signed_in_at"]) if person["signed_in_at"] else ""
    state = person["ended"] or "open"
    groups = " ".join(json.loads(person["groups"]))
    return tuple(map(_cell, (person["name"], person["way"], there, person["email"], groups, when, state)))


def _cell(text: str) -> str:
    """What a source says, as part of a line."""
    line = plain(text).replace("\n", " ")
    return line if len(line) <= LONGEST_QUOTED else f"{line[:LONGEST_QUOTED]}..."


def why(deployment: Deployment, number: str, name: str) -> str:
    """What is kept of a refused sign-in, of those of a name, or of the last ones.

    :raises HomeroomError: there is no such refusal.
    """
    if number and not (number.isascii() and number.isdecimal() and len(number) < 10):
        remedy = "The person sees it: make why NUMBER=48213"
        raise HomeroomError(f"{number[:40]!r} is no number", location="NUMBER", remedy=remedy)
    asked = ("refusal", number) if number else ("refusals", name)
    found = ask_hub(deployment, *asked, module=MODULE)["refusals"]
    if not found and (number or name):
        raise HomeroomError(
            f"no refused sign-in of {f'the number {number}' if number else name} is kept",
            location="NUMBER" if number else "NAME",
            remedy="They are kept for a week. `make why` lists the last ones.",
        )
    return "\n\n".join("\n".join(map(_cell, _told(one))) for one in found) or "Nobody was refused in the last week."


def _told(refusal: Mapping[str, Any]) -> Iterator[str]:
    who = refusal["name"] or refusal["subject"] or "somebody"
    times = f", {refusal['times']} times since {_time(refusal['first_at'])}" if refusal["times"] > 1 else ""
    yield f"{refusal['number']}: {who} by {refusal['way'] or 'no way'} at {_time(refusal['last_at'])}{times}"
    yield f"  why:    {refusal['reason']}" + (f" ({refusal['detail']})" if refusal["detail"] else "")
    yield f"  told:   {refusal['said']}"
    if refusal["remedy"]:
        yield f"  remedy: {refusal['remedy']}"
    if refusal["address"]:
        yield f"  from:   {refusal['address']}"


def _time(seconds: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
