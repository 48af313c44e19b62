"""`make watch`: one round of the watchdog, which mends what a restart mends and tells the rest once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from generator.core.console import note, quoted, warn
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, error
from generator.core.lock import exclusive, is_held
from generator.core.paths import ENV_FILE, ROOT
from generator.engine.deployment import Deployment, load_settings
from generator.engine.find import find_engine
from generator.engine.watched import Watched
from generator.lifecycle import diagnosis, letter, mend, timers
from generator.lifecycle.diagnosis import Diagnosis
from generator.schema.secret_words import secrets_in
from generator.schema.settings import Settings
from generator.timers import steady
from generator.topics.copies import freeze, moved
from generator.topics.watching import channels, faults, machine, state, web
from generator.topics.watching.deadline import within
from generator.topics.watching.outbox import Outbox
from generator.topics.watching.state import State

AGAIN_SECONDS = 10
"""After which it is asked again whether the hub can be used: a busy moment is no fault."""
OWN_TIMER = "watch"
TRY = "`make test-alert` tries it, and says what came back."
CHANGING = "Another command is changing this deployment: nothing is told this time."
BUSY = "another round of the watchdog goes on"


def watch() -> bool:
    """Make one round. Returns whether all that was to be told was taken.

    :raises HomeroomError: the settings are wrong, or another round goes on.
    """
    folder = state.ensure_folder()
    with exclusive(folder, busy=BUSY):
        if is_held(ROOT):
            note(CHANGING)
            return True
        if moved.read().state:
            note("This deployment has moved, and is watched no more.")
            return True
        settings = load_settings()
        return make_round(settings, state.read(), folder)


def make_round(settings: Settings, known: State, folder: Path) -> bool:
    """Look at everything, mend, tell, and keep what is known."""

    def keep() -> None:
        state.write(known, folder)

    now = datetime.now().astimezone()
    steady.note()
    mend.remove_old_words(folder, now.timestamp())
    found = see(settings, known, folder, now, keep)
    if is_held(ROOT):  # a service that is being replaced is no fault
        note(CHANGING)
        keep()
        return True
    changes = faults.take(known.faults, found.wrong, now.timestamp(), is_blind=found.is_blind)
    for fault in changes.begun:
        known.note("fault", fault.line, now.timestamp())
    outbox = Outbox(settings=settings, ways=channels.of(settings), secrets=secrets_in(ENV_FILE))
    outbox.add(known, changes)
    known.round_at = now.timestamp()
    keep()
    outbox.empty(known, now.timestamp(), keep)
    letter.send_if_due(settings, known, now)
    keep()
    _show(found.wrong, known)
    return not known.refused and _ping(settings)


def see(settings: Settings, known: State, folder: Path, now: datetime, keep: Callable[[], None]) -> Diagnosis:
    """What is wrong now, after what a restart mends was restarted."""
    found = Diagnosis()
    engine = found.look(
        "engine", lambda: within(diagnosis.LOOK_SECONDS, lambda: find_engine(Path(settings.ENGINE_SOCKET)))
    )
    here = Deployment(settings, engine) if engine else None
    if here is not None:
        found.look("labs that stand still", lambda: freeze.free_forgotten(here))
        found.take(found.look("services", lambda: list(mend.look(here, known, folder, now, keep))))
        if not found.wrong and mend.all_healthy(here):
            found.look("the way in", lambda: _use(settings))
    watched = Watched(settings=settings, now=now, deployment=here, memory=known.memory)
    diagnosis.look_at_what_is_watched(watched, found)
    found.take(found.look("timers", lambda: [each for each in timers.failures(settings) if each.location != OWN_TIMER]))
    found.take(
        error("messages", why, location=name, remedy=TRY) for name, why in (known.partly | known.refused).items()
    )
    if killed := known.memory.get(machine.MEMORY, {}).get("new_kills"):
        known.note("kills", str(killed), now.timestamp())
    found.is_blind = found.is_blind or here is None
    return found


def _use(settings: Settings) -> None:
    """:raises HomeroomError: the hub cannot be used, a moment later neither."""
    try:
        diagnosis.require_usable(settings)
    except HomeroomError:
        time.sleep(AGAIN_SECONDS)
        diagnosis.require_usable(settings)


def _show(findings: Sequence[Finding], known: State) -> None:
    if not findings:
        note("All is well.")
    for finding in findings:
        warn(faults.line_of(finding))
    for name, why in known.refused.items():
        warn(f"By {name} nothing was told: {why}")
    for name, why in known.partly.items():
        warn(f"By {name} not all were told: {why}")


def _ping(settings: Settings) -> bool:
    """Ask for the address that notices when this machine falls silent."""
    if not settings.WATCH_PING:
        return True
    try:
        note(quoted(web.ask("WATCH_PING", settings.WATCH_PING)))
    except HomeroomError as refusal:
        warn(str(refusal))
        return False
    return True
