"""What the hub is told of the handouts of courses, for their pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from generator.core.atomic import write_atomically
from generator.core.paths import RENDERED
from generator.topics.handouts import places
from generator.topics.handouts.handouts import Known
from generator.topics.handouts.state import Published, State

FILE = "handouts.json"
"""Rendered, and written anew whenever handouts are published: the hub looks at it while it runs."""


def as_text(known: Sequence[Known], found: State, place: Path | None = None) -> str:
    """Those that are for courses, as they are now, and where labs of courses find theirs.

    :param place: where what is published lies.
    """
    told = [_as_data(one, found.handouts.get(one.name, Published())) for one in known if one.handout.courses]
    folders = [audience.trait() for audience in places.of_courses(place)]
    return json.dumps({"handouts": told, "places": folders}, indent=2) + "\n"


def tell_hub(known: Sequence[Known], found: State, rendered: Path = RENDERED) -> None:
    """Leave it for the hub. Before the first `make up` there is none. :raises HomeroomError: it cannot be written."""
    if rendered.is_dir():
        write_atomically(rendered / FILE, as_text(known, found))


def _as_data(one: Known, published: Published) -> dict[str, Any]:
    """Of one that is not out, neither name nor files; the course's page shows where and when it comes."""
    return {
        "name": one.name if published.revision else "",
        "to": one.handout.to,
        "courses": one.handout.courses,
        "visible_at": int(one.visible_at.timestamp()) if one.visible_at else None,
        "revision": published.revision,
        "is_faulty": bool(published.fault),
    }
