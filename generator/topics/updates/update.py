"""`make update` and `make rollback`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from generator.core import machine as hardware
from generator.core.console import counted, note, step, warn
from generator.core.errors import HomeroomError, raise_all
from generator.core.paths import ROOT, SITE
from generator.engine.deployment import Deployment
from generator.images import bundle, manifest
from generator.schema.settings import Settings
from generator.timers import steady
from generator.topics.copies import last
from generator.topics.labs import labs
from generator.topics.prewarm import schedule
from generator.topics.updates import database, images, record, refusals, steps
from generator.topics.updates.deployed import Deployed
from generator.topics.updates.record import KEPT, KEPT_DAYS, Update
from generator.topics.updates.refreshed import Refreshed, begun, machine_of
from generator.topics.updates.tree import Tree

WITHIN_SECONDS = 60
SHOWN = 10


def seconds_of(within: str, default: int = WITHIN_SECONDS) -> int:
    """How long a version may take to be well, as it is typed.

    :raises HomeroomError: that is no number of seconds.
    """
    seconds = within or str(default)
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) < 7 and int(seconds)):
        raise HomeroomError(
            f"{seconds[:40]} is no number of seconds", location="WITHIN", remedy=f"Leave it out for {default}."
        )
    return int(seconds)


@contextmanager
def bundled(name: str, folder: Path = bundle.FOLDER) -> Iterator[str]:
    """Have a bundle laid out beside the tree, which a body updates to; gives the file that its version is in.
    Afterwards those stay that the tree, or the way back, is of.

    :param name: its file; empty: none, and an empty name is given.
    :raises HomeroomError: it is none, or does not fit on the disk.
    """
    if not name:
        yield ""
        return
    file = Path(name)
    if not file.is_file():
        remedy = "Name a file that `make bundle` has written."
        raise HomeroomError("there is no such file", location=f"FROM: {name}", remedy=remedy)
    try:
        place, _ = bundle.lay_out(file, folder)
        yield str(place / manifest.TREE)
    finally:
        kept = record.read(record.FOLDER, KEPT)
        if here := Tree(ROOT).commit():
            bundle.keep_only([here, *([kept.old] if kept else [])], folder)


def adopt(tree: Tree) -> None:
    """Have a directory that a bundle was unpacked into be a clone, at the version that it is."""
    if tree.commit() or (tree.root / ".git").is_file():
        return
    for place, made in bundle.there(tree.root / bundle.FOLDER.name):
        tree.adopt(place / manifest.TREE, made.commit)
        return


def update(deployment: Deployment, lock: int, wanted: str, *, without_copy: bool, within_seconds: int) -> None:
    """Bring the deployment to another version while labs run: rehearsed, proved, and taken back if it is not well.

    :param lock: holds the deployment; it is handed on to the commands that do it.
    :param wanted: a tag, a commit, or a file of `git bundle`.
    :param without_copy: also where there is no copy of today.
    :param within_seconds: how long the new version may take to be well.
    :raises HomeroomError: it was not made; what ran runs.
    """
    finish_first(deployment, lock)
    require_hub(deployment)
    here = Deployed(deployment, lock)
    tree = here.tree
    adopt(tree)
    tree.require_clone()
    with step("Looking for the new version") as shown:
        new = tree.find(wanted)
        old = tree.commit()
        versions = tree.version(old), tree.version(new)
        shown.say(f"{versions[1].number}, {new[:12]}")
    faults = [*refusals.of_tree(tree, old, new), *refusals.of_versions(*versions), *of_lessons(deployment.settings)]
    if not without_copy:
        faults += refusals.of_copies(last.read(), deployment.settings.BACKUP_TO)
    raise_all([*faults, *of_namesakes(deployment)])
    wanted_update = Update(
        step="preparing",
        old=old,
        new=new,
        old_version=versions[0].number,
        new_version=versions[1].number,
        branch=tree.branch(),
    )
    done = steps.run(here, wanted_update, within_seconds=within_seconds)
    note(
        f"\nHomeroom {done.new_version} ({new[:12]}) runs, and labs went on. Until {done.until:%d %B} "
        f"`make rollback` goes back to {done.old_version} ({old[:12]})."
    )


def refresh(deployment: Deployment, lock: int, *, within_seconds: int) -> None:
    """Have this version's images with the packages of today, while labs run: rehearsed, proved, and taken back if that
    is not well.

    :param lock: holds the deployment.
    :raises HomeroomError: it was not made; what ran runs.
    """
    require_hub(deployment)
    raise_all([*of_lessons(deployment.settings), *of_namesakes(deployment)])
    steps.run(Refreshed(deployment, lock), begun(), within_seconds=within_seconds)
    images.sweep(deployment.client)


def of_lessons(settings: Settings) -> list[HomeroomError]:
    """A lesson that takes place now."""
    lessons = schedule.load(SITE, labs.load(settings, SITE, hardware.read_machine()))
    return list(refusals.of_lessons(lessons, refusals.here_and_now(settings)))


def of_namesakes(deployment: Deployment) -> list[HomeroomError]:
    """Another deployment of this machine that has the name that the rehearsal needs."""
    name = images.next_name(deployment.project)
    chosen = {"label": f"com.docker.compose.project={name}"}
    if not deployment.client.containers.list(all=True, filters=chosen):
        return []
    remedy = "Bring that one down for the time of the update."
    return [HomeroomError(f"the rehearsal would be called {name}, as another deployment is", remedy=remedy)]


def require_hub(deployment: Deployment) -> None:
    """See that the deployment is up.

    :raises HomeroomError: it is not.
    """
    hub = deployment.service("hub")
    if hub is None or hub.status != "running":
        raise HomeroomError(
            "the hub does not run", location="hub", remedy="`make up` brings it up; a version that is well is updated."
        )


def finish_first(deployment: Deployment, lock: int) -> None:
    """End what an update, rollback or refresh that was cut off has left.

    :raises HomeroomError: that brought another version back, by whose commands it goes on.
    """
    here = machine_of(deployment, lock)
    found = record.read(here.folder)
    if found is None:
        return
    if found.step in ("switching", "returning"):
        steps.go_back(here, found, f"{found.one} was cut off")
        raise HomeroomError(
            f"{found.one} that was cut off had to be undone first; that is done",
            remedy="Run the same command again.",
        )
    if found.step == "stopping" and (why := here.prove(steps.RETURN_SECONDS)):
        raise HomeroomError(f"the hub did not come up again: {why}", remedy="`make up` tries again.")
    steps.before_up(here, within_update=False)


def rollback(deployment: Deployment, lock: int, *, anyway: bool) -> None:
    """Go back to the version before the last update, with its images. Its database comes back only where the tables
    are others now: else nothing that happened since is lost.

    :param anyway: also where accounts that were made since are lost.
    :raises HomeroomError: there is nothing to go back to, or accounts would be lost; nothing was changed.
    """
    finish_first(deployment, lock)
    here = Deployed(deployment, lock)
    kept = record.read(here.folder, KEPT)
    raise_all(_why_not(here, kept))
    assert kept is not None
    current = here.folder / "current.sqlite"
    try:
        with step("Comparing the hub's database with the one of before the update") as shown:
            here.copy_database(current)
            before = here.folder / kept.copy
            others = database.tables(before) != database.tables(current)
            back = replace(kept, step="returning", database=others, why="you asked for it")
            if others:
                lost = sorted(database.names(current) - database.names(before))
                shown.say("its tables are others now")
                _require_consent(lost, anyway=anyway, kept=kept)
            else:
                shown.say("its tables are the same: it stays, and nothing is lost")
    finally:
        current.unlink(missing_ok=True)
    steps.go_back(here, back, back.why)
    note(f"\nHomeroom {kept.old_version} ({kept.old[:12]}) runs again; labs went on.")


def _why_not(here: Deployed, kept: Update | None) -> list[HomeroomError]:
    """Why there is no way back."""
    if kept is None:
        return [HomeroomError("there is no update to take back", remedy="`git log` shows what was before.")]
    if kept.is_over() and not steady.why_wait():  # what is kept is removed no earlier either
        days = f"the update of {kept.done_at[:10]} was more than {KEPT_DAYS} days ago"
        remedy = "What was kept for that is removed by `make up`. `make restore` has what copies hold: docs/copies.md."
        return [HomeroomError(f"{days}, so there is no way back", remedy=remedy)]
    if here.commit() != kept.new:
        return [
            HomeroomError(
                f"this directory is at {here.commit()[:12]}, and not at {kept.new[:12]}, to which it was updated",
                location=str(ROOT),
                remedy=f"`git checkout {kept.new[:12]}` and `make up`, then this again.",
            )
        ]
    faults = []
    if changed := list(here.tree.changes(kept.old)):
        faults.append(
            HomeroomError(
                f"{counted(len(changed), 'file')} outside site/ and .env changed here: {', '.join(changed[:SHOWN])}",
                location=str(ROOT),
                remedy="`git stash --include-untracked` puts them aside.",
            )
        )
    if gone := images.missing(here.deployment.client, here.deployment.project, kept.images, kept.old):
        remedy = f"`git checkout {kept.old[:12]}` and `make up` build them again."
        faults.append(HomeroomError(f"the images of before are gone: {', '.join(gone)}", remedy=remedy))
    try:
        database.check(here.folder / kept.copy)
    except HomeroomError as error:
        faults.append(error)
    return faults


def _require_consent(lost: list[str], *, anyway: bool, kept: Update) -> None:
    """Tell what is lost with the database of before.

    :raises HomeroomError: something is, and nobody said that it may be.
    """
    more = f" and {len(lost) - SHOWN} more" if len(lost) > SHOWN else ""
    what = f"{counted(len(lost), 'account')} made since {kept.done_at[:10]}: {', '.join(lost[:SHOWN])}{more}"
    if lost and not anyway:
        raise HomeroomError(
            f"going back would lose {what}",
            location="the hub's database",
            remedy="Their homes stay. `make rollback ANYWAY=1` does it; `make backup` before it keeps what is there.",
        )
    if lost:
        warn(f"Lost with the database of before: {what}. Their homes stay.")
    warn("Passwords, groups and approvals are those of before, and labs that were started since are stopped.")
