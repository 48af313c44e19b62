"""`make drill`: everything is brought back by the recovery sheet alone, beside what runs, tried and removed again."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from generator.core import json_file
from generator.core.atomic import write_atomically
from generator.core.console import counted, note, step
from generator.core.errors import HomeroomError
from generator.core.lock import exclusive, is_held
from generator.core.paths import ROOT
from generator.engine.deployment import Deployment
from generator.topics.copies import drilled, secrets, sheet, target
from generator.topics.copies.drilled import Drilled, minutes
from generator.topics.drill import beside, paper
from generator.topics.drill.outcome import FILE, Outcome
from generator.topics.drill.paper import Paper
from generator.topics.updates import images
from generator.topics.updates.tree import Tree, share_packages

FOLDER = ROOT / ".drill"
TREE = FOLDER / "tree"
BUSY = "another drill goes on"
SCRIPT = """\
sh generator/venv.sh .venv generator/requirements.txt
.venv/bin/python -m generator init > /dev/null
exec .venv/bin/python -m generator drill-beside "$@"
"""


def drill(deployment: Deployment, copy: str = "") -> None:
    """Try whether everything comes back from the copies, and keep what it came to. What runs is not touched, and
    whatever happens, nothing of the drill is left.

    :param copy: a copy's name or a day; empty: the newest.
    :raises HomeroomError: it does not, or it cannot be tried.
    """
    target.of(deployment.settings, ROOT)
    Tree(ROOT).require_clone()
    known = paper.read(sheet.text(deployment.settings, datetime.now()))
    FOLDER.mkdir(mode=0o700, exist_ok=True)
    with exclusive(FOLDER, busy=BUSY) as lock:
        clear(deployment)
        began, moment = time.monotonic(), datetime.now(UTC).isoformat()
        before = drilled.read()
        before = before if before.address == known.address else Drilled(address=known.address)
        outcome = Outcome()
        try:
            lay_out(deployment, known)
            code = _run(deployment, known, lock, [f"--of={known.project}", f"--copy={copy}"])
            outcome = json_file.read(TREE / FILE, Outcome)
            if code or not outcome.is_well:
                raise HomeroomError(
                    outcome.why or f"the drill ended with {code}, as told above",
                    location="make drill",
                    remedy="What runs is untouched. Until a drill is well, nobody knows whether the copies come back.",
                )
        except HomeroomError as fault:
            if not copy:  # a slip in a copy's name is no copy that does not come back
                drilled.write(replace(before, failed_at=moment, why=fault.cause[:300]))
            raise
        finally:
            with step("Removing what the drill has made"):
                clear(deployment)
    made = Drilled(
        address=known.address,
        well_at=moment,
        seconds=time.monotonic() - began,
        copy_made_at=outcome.copy_made_at,
        homes=outcome.homes,
        same=outcome.same,
    )
    drilled.write(made)
    when = made.copy_made_at[:16].replace("T", " ")
    note(
        f"The copies come back: {counted(made.homes, 'home')} and all else of {when} in {minutes(made.seconds)}, "
        f"each of {made.same} files and folders as it was. {outcome.words}"
    )


def lay_out(deployment: Deployment, known: Paper) -> None:
    """Have what somebody has on a new machine who holds the sheet: the version that stands on it, and what they write.

    :raises HomeroomError: the disk is full.
    """
    with step(f"Laying {known.commit[:12]} out, with what the recovery sheet says"):
        Tree(ROOT).lay_out(known.commit, TREE)
        share_packages(ROOT, TREE)
        folder = TREE / secrets.FOLDER.name
        folder.mkdir(mode=0o700)
        theirs = [line for line in _credentials() if not line.startswith(f"{secrets.PASSWORD}=")]
        lines = [f"{secrets.PASSWORD}={known.password}", *theirs]
        write_atomically(folder / secrets.FILE.name, "\n".join(lines) + "\n", mode=0o600)
        with suppress(FileNotFoundError):
            shutil.copytree(secrets.FOLDER / "ssh", folder / "ssh")
        name = beside.name_of(deployment.project)
        images.lend(deployment.client, deployment.project, ["copies"], to=name)


def _credentials() -> Sequence[str]:
    """What the place of the copies asks for: it stands on no sheet, which says so."""
    text = secrets.FILE.read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _run(deployment: Deployment, known: Paper, lock: int, arguments: Sequence[str]) -> int:
    """Run the commands of the sheet in the laid out directory; the exit code."""
    given = {
        "COMPOSE_PROJECT_NAME": beside.name_of(deployment.project),
        "BACKUP_TO": known.address,
        "ENGINE_SOCKET": str(deployment.engine.socket),
    }
    return beside.run(deployment, TREE, SCRIPT, arguments, lock=lock, given=given)


def clear(deployment: Deployment) -> None:
    """Remove all of a drill, from the engine and from this directory."""
    beside.remove(deployment.client, beside.name_of(deployment.project))
    shutil.rmtree(TREE, ignore_errors=True)


def is_left(folder: Path = FOLDER) -> bool:
    """Whether a drill that was killed has left something."""
    return (folder / TREE.name).exists() and not is_held(folder)


def clear_leftovers(deployment: Deployment) -> None:
    """Remove what a drill that was killed has left, for `make up`."""
    if is_left():
        with step("Removing what a drill that was cut off has left"):
            clear(deployment)
