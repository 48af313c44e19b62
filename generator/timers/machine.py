"""The machine's clock: which program runs timers, and whether it runs those that are wanted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.core.process import Runner, run
from generator.timers.cron import Cron
from generator.timers.job import Job
from generator.timers.systemd import Systemd

Scheduler = Systemd | Cron
CRONS = ("cron", "crond")


def scheduler(
    root: Path = Path("/"), *, runner: Runner = run, which: Callable[[str], str | None] = shutil.which
) -> Scheduler | None:
    """What runs timers on this machine: systemd where it is process 1, else cron; None: neither is there."""
    if (root / "run/systemd/system").is_dir():
        return Systemd(root, runner)
    return Cron(root) if any(which(each) for each in CRONS) or (root / "usr/sbin/cron").exists() else None


def installed(found: Scheduler, project: str) -> list[Path]:
    """The files of a deployment that are there, timers before their services."""
    return sorted(found.folder.glob(found.pattern(project)), key=lambda path: (path.suffix != ".timer", path.name))


def differences(found: Scheduler, project: str, jobs: Sequence[Job]) -> list[str]:
    """Why the machine does not run exactly these; empty: it does."""
    wanted = found.files(jobs)
    there = {path.name: _text(path) for path in installed(found, project)}
    said = [f"{name} is not there" for name in wanted.keys() - there.keys()]
    said += [f"{name} is not wanted any more" for name in there.keys() - wanted.keys()]
    said += [f"{name} is another one" for name in wanted.keys() & there.keys() if wanted[name] != there[name]]
    if not said:
        said = [f"{name} is switched off" for name in found.is_off(project, [job.timer.name for job in jobs])]
    return sorted(said)


def other_directory(found: Scheduler, project: str, directory: Path) -> str:
    """The other directory, if it is there still, whose deployment has this name; empty: there is none."""
    told = (found.directory(_text(path)) for path in installed(found, project))
    others = (each for each in told if each and Path(each).resolve() != directory.resolve())
    return next((each for each in others if Path(each, "Makefile").exists()), "")


def may_change(found: Scheduler) -> bool:
    """Whether this user may."""
    return os.access(found.folder, os.W_OK)


def take_up(found: Scheduler, project: str, jobs: Sequence[Job]) -> bool:
    """Have the machine run these, and no others of this deployment; returns whether something was changed.

    Whatever it was cut off in, the next call goes on from there.

    :raises HomeroomError: it may not be, or is not taken up.
    """
    if not differences(found, project, jobs):
        return False
    wanted = found.files(jobs)
    _remove(found, [path for path in installed(found, project) if path.name not in wanted])
    for name, text in wanted.items():
        write_atomically(found.folder / name, text)
    found.switch_on(project, [job.timer.name for job in jobs])
    return True


def take_away(found: Scheduler, project: str) -> bool:
    """Have the machine run nothing of this deployment; returns whether it did.

    :raises HomeroomError: it may not be changed.
    """
    files = installed(found, project)
    _remove(found, files)
    return bool(files)


def _remove(found: Scheduler, files: Sequence[Path]) -> None:
    """:raises HomeroomError: a file cannot be removed."""
    if not files:
        return
    found.switch_off(files)
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise HomeroomError(
                f"cannot be removed: {error.strerror}", location=str(path), remedy="Run the command as root."
            ) from None
    found.forget()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
