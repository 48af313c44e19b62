"""The mail that tells somebody when their access ends: one to each, with nobody else's name or address in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from generator.core.console import counted, note, warn
from generator.core.errors import HomeroomError
from generator.schema.settings import Settings
from generator.topics.people.ends import Leaver, Noticed
from generator.topics.watching import mail
from generator.topics.watching.message import Message

MOST_FAILURES = 3
"""After so many, one after the other, the server is not asked again until the next day."""
ADDRESS = re.compile(r"[^\s@,;<>\"]{1,64}@[^\s@,;<>\"]{1,190}")
TEXT = """\
Hello {name},

your access to {where} ends after {day}: the group {groups} ends then. Please take along what you need until then.
Afterwards your files are kept for {kept} days, and then removed for good. If you still need it, write to those who
run it.

Guten Tag {name},

Ihr Zugang zu {where} endet nach dem {day}: Dann endet die Gruppe {groups}. Bitte nehmen Sie bis dahin mit, was Sie
brauchen. Danach bleiben Ihre Dateien noch {kept} Tage erhalten und werden dann endgültig gelöscht. Wenn Sie den
Zugang weiter brauchen, schreiben Sie denen, die ihn betreiben.
"""


def written(settings: Settings, one: Leaver) -> Message:
    """What somebody is told, in both languages: which one they read only the hub knows."""
    where = settings.public_url or settings.HUB_HOST or settings.COMPOSE_PROJECT_NAME
    text = TEXT.format(
        name=one.name, where=where, day=one.last_day, groups=", ".join(one.groups), kept=settings.RETENTION_DAYS
    )
    return Message(
        title=f"Your access ends on {one.last_day} / Ihr Zugang endet am {one.last_day}",
        lines=tuple("".join(letter for letter in line if letter.isprintable()) for line in text.splitlines()),
    )


def tell(
    settings: Settings, known: Noticed, wanted: Sequence[tuple[Leaver, int]], keep: Callable[[Noticed], None]
) -> None:
    """Send them, and note each that was sent; what cannot be sent is tried again by the next look.

    :param keep: writes down what is known.
    """
    if not wanted or not settings.MAIL_HOST or not mail.sender(settings):
        return
    sent = failed = in_a_row = 0
    for one, days in wanted:
        if not ADDRESS.fullmatch(one.email):
            continue
        try:
            mail.send(settings, written(settings, one), to=one.email)
        except HomeroomError as error:
            failed, in_a_row = failed + 1, in_a_row + 1
            if in_a_row >= MOST_FAILURES:
                warn(f"Mail that tells people of the end of their group is not taken, and tried again later: {error}")
                break
            continue
        sent, in_a_row = sent + 1, 0
        known.mailed.setdefault(one.name, []).append(days)
        keep(known)
    note(f"Told by mail: {counted(sent, 'user')}." + (f" Not told: {failed}." if failed else ""))
