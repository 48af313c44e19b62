"""The steps of an update, and how one that was cut off ends: completed where the new version was proved, or undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from generator.core.console import note, step, warn
from generator.core.errors import HomeroomError
from generator.timers import steady
from generator.topics.updates import record
from generator.topics.updates.machine import Machine
from generator.topics.updates.record import KEPT, Update

RETURN_SECONDS = 600.0
CUT_OFF = "an update was cut off"


def run(machine: Machine, update: Update, *, within_seconds: float) -> Update:
    """Bring a deployment to a new version; returns the update as it was made.

    :param update: from where to where.
    :param within_seconds: how long the new version may take to be well.
    :raises HomeroomError: it was not made, and the old version runs; or not even that.
    """
    record.write(update.at("preparing"), machine.folder)
    try:
        machine.lay_out(update.new)
        update = replace(update, images=machine.rehearse())
        _keep(machine, update)
        record.write(update.at("switching"), machine.folder)
    except HomeroomError as error:
        _call_off(machine, update)
        raise HomeroomError(
            f"the {update.noun} was not made: {error.cause}", location=error.location, remedy=error.remedy
        ) from error
    with step(f"Switching to {update.after}"):
        machine.take_images(update.images)
        machine.check_out(update.new)
    if why := machine.prove(within_seconds):
        go_back(machine, update, why)
        raise HomeroomError(
            f"the {'refreshed' if update.is_refresh else 'new'} version is not well: {why}",
            location=update.after,
            remedy="The images of before run again, and labs went on."
            if update.is_refresh
            else f"The old version, {update.before}, runs again, with its images and its database. Labs went on.",
        )
    return complete(machine, record.read(machine.folder) or update)


def _keep(machine: Machine, update: Update) -> None:
    """Keep what the old version would need again."""
    if not update.database:
        with step("Keeping the images that run"):
            machine.keep_images(update.images, update.old)
        return
    record.write(update.at("stopping"), machine.folder)
    with step("Copying the hub's database; labs go on"):
        machine.keep_images(update.images, update.old)
        machine.stop_hub()
        machine.copy_database(machine.folder / update.copy)


def _call_off(machine: Machine, update: Update) -> None:
    """Nothing was switched: at most the hub stands still."""
    found = record.read(machine.folder)
    if found is not None and found.step == "stopping" and (why := machine.prove(RETURN_SECONDS)):
        warn(f"The hub did not come up again: {why}. `make up` tries again.")
    _clear(machine, update)


def go_back(machine: Machine, update: Update, why: str) -> None:
    """Have the old version again, and see that it is well.

    :raises HomeroomError: it is not.
    """
    warn(f"Going back to {update.before}: {why}")
    record.write(update.at("returning", why=why), machine.folder)
    machine.check_out(update.old, update.branch)
    if again := machine.prove(RETURN_SECONDS):
        raise HomeroomError(
            f"the old version did not come up either: {again}",
            location=update.before,
            remedy="`make up` tries again; `make doctor` says what is wrong. Labs, homes and the database "
            + ("are untouched." if update.is_refresh else f"({machine.folder.name}/{update.copy}) are there."),
        )


def before_up(machine: Machine, *, within_update: bool, now: datetime | None = None) -> None:
    """What `make up` does first: completes or undoes an update that was cut off, and removes what was kept long enough.

    :param within_update: the update itself calls, and waits for the new version to be proved.
    """
    forget_old(machine, now)
    update = record.read(machine.folder)
    if update is None or (within_update and update.step in ("stopping", "switching")):
        return
    if update.step == "proved":
        complete(machine, update)
    elif update.step == "returned":
        _end_return(machine, update)
    elif update.step in ("preparing", "stopping"):
        _clear(machine, update)
        note(f"{update.one.capitalize()} was cut off before it changed anything; the version that runs stays.")
    else:
        _return(machine, update)


def forget_old(machine: Machine, now: datetime | None = None) -> bool:
    """Remove what was kept long enough for the way back, by a clock that is believed; whether there was something."""
    kept = record.read(machine.folder, KEPT)
    if kept is None or not kept.is_over(now) or steady.why_wait():
        return False
    machine.forget(kept.old)
    record.forget(machine.folder, KEPT)
    return True


def _return(machine: Machine, update: Update) -> None:
    if update.step == "switching":
        update = update.at("returning", why=f"the {update.noun} was cut off" if update.is_refresh else CUT_OFF)
        record.write(update, machine.folder)
    if machine.commit() != update.old:
        machine.check_out(update.old, update.branch)
        machine.begin_anew()
    of_database = " and the database" if update.database else ""
    with step(f"Bringing back the images{of_database} of before"):
        machine.put_images_back(update.images, update.old)
        if update.database:
            machine.stop_hub()
            machine.put_database(machine.folder / update.copy)


def after_up(machine: Machine, *, within_update: bool) -> None:
    """What `make up` does once the hub was seen to be usable."""
    update = record.read(machine.folder)
    if update is None:
        return
    if update.step == "switching" and within_update:
        done = replace(update.at("proved"), done_at=datetime.now(UTC).isoformat(timespec="seconds"))
        record.write(done, machine.folder)
    elif update.step == "returning":
        update = update.at("returned")
        record.write(update, machine.folder)
        _end_return(machine, update)


def _end_return(machine: Machine, update: Update) -> None:
    kept = record.read(machine.folder, KEPT)
    if kept is not None and (kept.old, kept.new) == (update.old, update.new):
        record.forget(machine.folder, KEPT)
    _clear(machine, update)
    again = "The images of before run" if update.is_refresh else f"The version before, {update.before}, runs"
    note(f"{again} again: {update.why}.")


def complete(machine: Machine, update: Update) -> Update:
    """Keep the way back, and tidy up after a proved update; after a refresh the way back is the last update's."""
    if update.is_refresh:
        _clear(machine, update)
        return update
    before = record.read(machine.folder, KEPT)
    if before is not None and before.old != update.old:
        machine.forget(before.old)
    record.write(update, machine.folder, KEPT)
    machine.tidy()
    record.forget(machine.folder)
    return update


def _clear(machine: Machine, update: Update) -> None:
    """Remove what an update that was not made has left; what was kept for it too, unless the last one made needs it."""
    machine.tidy()
    kept = record.read(machine.folder, KEPT)
    if kept is None or kept.old != update.old:
        machine.forget(update.old)
    record.forget(machine.folder)
