"""`make logs`: what the services said, all of it as it comes, from a moment on, or about one person."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from docker.models.containers import Container

from generator.core.console import err, out, quoted
from generator.core.errors import HomeroomError
from generator.core.labels import USER_LABEL
from generator.engine import services
from generator.engine.deployment import Deployment
from generator.lifecycle.services import require

UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
AGO = re.compile(r"(\d{1,6})\s*(s|min|m|h|d|w)", re.ASCII)
MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[ T]\d{2}:\d{2}(?::\d{2})?)?", re.ASCII)
EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
"""Before it the engine knows no time."""
PERSONS_SECONDS = 86400
"""How far back a person's lines are looked for where nobody says since when."""
Line = tuple[str, str, str]
"""When it was said, by the engine's clock; the service's name; the words."""


def since_when(text: str, now: datetime) -> datetime:
    """The moment that an operator means by `2h`, `3d`, `2026-11-27` or `2026-11-27 14:30`, by this machine's clock.

    :raises HomeroomError: it is none, or one to come.
    """
    wanted = text.strip()
    found: datetime | None = None
    with contextlib.suppress(ValueError, OverflowError):  # the 31st of February; longer ago than there are years
        if ago := AGO.fullmatch(wanted):
            found = now - timedelta(seconds=int(ago[1]) * UNITS[ago[2]])
        elif MOMENT.fullmatch(wanted):
            found = datetime.fromisoformat(wanted).astimezone()
    if found is None or not EARLIEST <= found <= now:
        raise HomeroomError(
            f"{text} is no time that has been",
            location="SINCE",
            remedy='Say how long ago (30min, 2h, 3d), or when: SINCE=2026-11-27, SINCE="2026-11-27 14:30".',
        )
    return found


def show(deployment: Deployment, names: Sequence[str], *, since: str = "", person: str = "") -> None:
    """Print the services' logs; without more, as they come, until Ctrl-C.

    :param names: of services; none: all of them.
    :param since: from then on, and no further: `since_when`.
    :param person: a user's name: the lines that name them, and what their labs said.
    :raises HomeroomError: nothing of the deployment is there, or `since` is no time.
    """
    now = datetime.now(UTC)
    start = since_when(since, now) if since else None
    require(deployment, *names)
    if person:
        start = start or now - timedelta(seconds=PERSONS_SECONDS)
        found = of_person(deployment, names, person, start)
        for line in found:
            out.print(" | ".join(line), markup=False, soft_wrap=True)
        if not found:
            since_then = f"{start.astimezone():%Y-%m-%d %H:%M}"
            err.print(
                f"Nothing names {quoted(person)} since {since_then}. `make people` lists everybody.", soft_wrap=True
            )
        return
    ending = [f"--since={start.isoformat()}"] if start else ["--follow", "--tail=100"]
    with contextlib.suppress(KeyboardInterrupt):  # it has no other end
        deployment.compose("logs", *ending, *names, capture=False, check=False)


def of_person(deployment: Deployment, names: Sequence[str], person: str, start: datetime) -> list[Line]:
    """What was said about a person, and by their labs that are still there; in the order of time."""
    wanted = names or services.names(deployment.settings)
    found = [(name, container) for name in wanted if (container := deployment.service(name)) is not None]
    is_theirs = naming(person)
    lines = [line for name, container in found for line in _lines(name, container, start) if is_theirs(line[2])]
    for lab in [lab for lab in deployment.labs() if lab.labels[USER_LABEL] == person] if not names else ():
        lines += _lines("lab", lab, start)
    return sorted(lines)


def naming(person: str) -> Callable[[str], bool]:
    """Whether a line names a person, as they are called or as addresses have them; `ada` is not `ada-lovelace`."""
    spellings = "|".join(re.escape(each) for each in sorted({person, quote(person, safe="")}))
    pattern = re.compile(rf"(?<![\w.@%+-])(?:{spellings})(?![\w@%+-]|\.\w)", re.IGNORECASE)
    return lambda line: bool(pattern.search(line))


def _lines(name: str, container: Container, start: datetime) -> Iterator[Line]:
    said: Iterable[bytes] = container.logs(since=start.timestamp(), timestamps=True, stream=True, follow=False)
    rest = b""
    for piece in said:  # of one line mostly, but a long one comes in several
        *whole, rest = (rest + piece).split(b"\n")
        yield from (_line(name, each) for each in whole)
    if rest:
        yield _line(name, rest)


def _line(name: str, raw: bytes) -> Line:
    at, _, words = raw.decode(errors="replace").rstrip("\r").partition(" ")
    return at, name, words
