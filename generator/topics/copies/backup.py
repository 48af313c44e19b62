"""`make backup`: one copy of everything, while everybody works."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from generator.core.console import counted, note, step, warn
from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.core.lock import exclusive
from generator.core.paths import ROOT
from generator.core.process import Completed, run
from generator.engine import kept
from generator.engine.deployment import Deployment
from generator.topics.copies import (
    alarms,
    copier,
    freeze,
    last,
    reach,
    secrets,
    sources,
    ssh_key,
    suspicion,
    target,
    upkeep,
    upkeep_record,
)
from generator.topics.copies.copier import Copier
from generator.topics.copies.freeze import Standing
from generator.topics.copies.refusals import refusal
from generator.topics.copies.sources import EXAMS, HOMES, MADE, ROOTS, SCRATCH, STATE, Source
from generator.topics.copies.upkeep import FIRST_PASS, TAG, Made
from generator.topics.people import records
from generator.topics.storage import homes

WHOLE, WITH_GAPS = 0, 3
LONG_PASS_SECONDS, MOST_FIRST_PASSES = 20.0, 3
SHOWN_FAULTS = 5
FULL = re.compile(r"disk is full|no space left|quota exceeded", re.IGNORECASE)
BUSY = "another command is making or reading copies just now"


@dataclass
class Pass:
    """What one run of restic over everything came to."""

    summary: dict[str, Any] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    homes: set[str] = field(default_factory=set)
    on_home: Callable[[str], None] = lambda _: None

    @property
    def snapshot(self) -> str:
        """What it is called among the copies."""
        return str(self.summary["snapshot_id"])

    @property
    def seconds(self) -> float:
        """How long it took."""
        return float(self.summary["total_duration"])

    def take(self, line: str) -> None:
        """Take in a line of restic's report."""
        try:
            found = json.loads(line)
        except ValueError:
            return
        if found.get("message_type") == "summary":
            self.summary = found
        elif found.get("message_type") == "verbose_status":
            path = PurePosixPath(found.get("item", ""))
            if path.parent == PurePosixPath(HOMES):
                self.homes.add(path.name)
            if path.parent in (PurePosixPath(HOMES), PurePosixPath(EXAMS)):
                self.on_home(str(path))


def locked_folder() -> AbstractContextManager[int]:
    """One command at a time makes or reads copies."""
    return exclusive(secrets.FOLDER, busy=BUSY)


def backup(deployment: Deployment, *, confirmed: bool = False) -> bool:
    """Make one copy of everything, look after those that there are, and say what it came to.

    :param confirmed: the operator says that what looks wrong with the copies is right.
    :returns: whether all is well with the copies.
    :raises HomeroomError: there is no copy; those that were there before are untouched.
    """
    place = target.of(deployment.settings, ROOT)
    if secrets.ensure():
        note(f"Made the password of the copies: backup/{secrets.FILE.name}. Keep it elsewhere too (docs/copies.md).")
    with locked_folder():
        freeze.tell_forgotten(freeze.let_forgotten_go(deployment))
        copier.remove_leftovers(deployment)
        before = last.read()
        try:
            made = _make(deployment, place, before if before.address == place.address else last.Last(), confirmed)
        except HomeroomError as error:
            last.write(replace(before, failed_at=datetime.now(UTC).isoformat(), why=error.cause))
            raise
    note(
        f"A copy of {counted(made.homes, 'home')} is at {place.address}: {made.files} files, "
        f"{in_units(made.size_bytes)}, of which {in_units(made.added_bytes)} are new, in {made.seconds:.0f} s."
    )
    if target.is_on_same_disk(place, deployment.settings.HOMES or deployment.client.info()["DockerRootDir"]):
        warn(
            "The copies lie on the same disk as the homes: one fault takes both. "
            "Set BACKUP_TO to another disk or machine."
        )
    kept_there = upkeep_record.read(place.address)
    if kept_there.only_adds:
        note("That place lets nothing be removed, so old copies are forgotten from its side: docs/copies.md has how.")
    wrong = alarms.of(deployment.settings, datetime.now(UTC))
    for each in wrong:
        warn(f"{each.location}: {each.cause}\n  {each.remedy}")
    return all(each.level != "error" for each in wrong)


def _make(deployment: Deployment, place: target.Target, before: last.Last, confirmed: bool) -> last.Last:
    copier.ensure_image(deployment)
    if place.kind == "sftp":
        ssh_key.ensure(deployment)
    began, moment = time.monotonic(), datetime.now(UTC)
    head = records.head(deployment)
    of = (sources.of_homes, sources.of_exams, sources.of_shares, sources.of_state)
    wanted = [one for each in of for one in each(deployment)]
    with copier.opened(deployment, place, wanted) as here:
        with step(f"Reaching {place.address}"):
            reach.reach(here, has_copies=bool(before.made_at) and not confirmed)
        labs = deployment.labs(running_only=True)
        with step("Reading everything, while all work") as shown:
            _prepare(deployment, here, manifest(deployment, moment, wanted, head))
            passes = [_read(deployment, here, [FIRST_PASS if labs else TAG])]
            # What changed meanwhile is read while labs stand still: it must not be the work of many minutes.
            while labs and passes[-1].seconds > LONG_PASS_SECONDS and len(passes) < MOST_FIRST_PASSES:
                passes.append(_read(deployment, here, [FIRST_PASS], parent=passes[-1].snapshot))
            found = passes[-1]
            shown.say(f"{found.summary['total_files_processed']} files")
        longest = 0.0
        if labs := labs or deployment.labs(running_only=True):
            with step("Reading what changed, while labs stand still") as shown:
                found, standing = _read_again(
                    deployment, here, manifest(deployment, moment, wanted, head), found.snapshot
                )
                passes.append(found)
                longest = standing.longest_seconds
                shown.say(f"{counted(len(labs), 'lab')}, {longest:.1f} s at most")
        if missing := sorted(set(sources.home_names(wanted)) - found.homes):
            raise HomeroomError(
                f"the homes {', '.join(missing[:SHOWN_FAULTS])} are not in the copy",
                location=place.address,
                remedy="Run it again; `make status` shows whose homes there are.",
            )
        _tell_unread(found.unread)
        made = noted(place, moment, passes, seconds=time.monotonic() - began, longest_pause_seconds=longest)
        made = replace(made, audit_number=int(head["number"]), audit_digest=str(head["digest"]))
        made = replace(made, gone=[] if confirmed else gone(before, made.people, records.tombstones(deployment)))
        last.write(made)  # it is one, whatever comes of what follows
        last.tell_hub(made)
        seen = suspicion.changes(
            before,
            new=int(passes[0].summary["files_new"]),
            changed=int(passes[0].summary["files_changed"]),
            now=int(passes[0].summary["total_files_processed"]),
        )
        this = Made(project=deployment.project, moment=moment, before=before, changes=seen, confirmed=confirmed)
        upkeep.care(here, deployment.settings.BACKUP_KEEP, this)
    return made


def gone(before: last.Last, people: Collection[str], removed: Collection[str]) -> list[str]:
    """Whose homes were in the copies before and are in this one no more, though nobody removed these people."""
    return sorted({*before.people, *before.gone} - {*people, *removed})


def noted(
    place: target.Target, moment: datetime, passes: Sequence[Pass], *, seconds: float, longest_pause_seconds: float
) -> last.Last:
    """What a run came to: the copy is what the last pass saw, and took what all of them added."""
    found = passes[-1]
    return last.Last(
        address=place.address,
        made_at=moment.isoformat(),
        snapshot=found.snapshot,
        files=int(found.summary["total_files_processed"]),
        size_bytes=int(found.summary["total_bytes_processed"]),
        added_bytes=sum(int(one.summary.get("data_added_packed", one.summary["data_added"])) for one in passes),
        homes=len(found.homes),
        people=sorted(homes.person_of(name) for name in found.homes),
        seconds=seconds,
        longest_pause_seconds=longest_pause_seconds,
    )


def _prepare(deployment: Deployment, here: Copier, made_of: Mapping[str, Any]) -> None:
    """Lay out what is made for the copy: databases as their owners copy them, and what this copy is of."""
    rows = kept.there(deployment)
    names = [f"databases/{row.volume}/{name}" for row in rows for name in row.databases]
    _require(here.run("python3", "-m", "homeroom_copies.prepare", *names), "preparing the copy")
    for row in rows:
        for name in row.databases:
            live, made = f"{STATE}/volumes/{row.volume}/{name}", f"{MADE}/databases/{row.volume}/{name}"
            done = here.run("python3", "-m", "homeroom_copies.database", live, made, user=row.owner)
            if done.returncode and row.dispensable:
                warn(f"The copy is without {name}: {last_line(done)}")
                continue
            _require(done, f"copying the database {name}")
    text = json.dumps(made_of, indent=2)
    _require(
        here.run("sh", "-c", 'printf "%s\\n" "$1" > "$2"', "sh", text, f"{MADE}/manifest.json"), "writing its list"
    )


def _require(done: Completed, what: str) -> None:
    if done.returncode:
        said = last_line(done)
        remedy = "`make status` shows whether the deployment is well"
        if FULL.search(said):
            remedy = "Make room on the engine's disk, where copies are prepared: `docker system df`"
        raise HomeroomError(f"{what} failed: {said}", remedy=f"{remedy}; copies that were there are untouched.")


def last_line(done: Completed) -> str:
    """What a command said last."""
    said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
    return said or f"exit code {done.returncode}"


def manifest(
    deployment: Deployment, moment: datetime, wanted: Sequence[Source], head: Mapping[str, Any]
) -> dict[str, Any]:
    """What a copy is of: when, of which deployment and version, and what should be in it.

    :param head: the last line of the log of what was done to people: what is cut off it later is found by it.
    """
    commit = run(["git", "-C", str(ROOT), "rev-parse", "HEAD"])
    return {
        "deployment": deployment.project,
        "made_at": moment.isoformat(),
        "commit": commit.stdout.strip() if commit.returncode == 0 else "",
        "engine": deployment.engine.title,
        "audit": dict(head),
        "homes_directory": deployment.settings.HOMES,
        "homes": sources.home_names(list(wanted)),
        "parts": {one.inside: one.host for one in wanted},
        "exams": {one.inside: dict(one.exam) for one in wanted if one.exam is not None},
        "databases": {row.volume: list(row.databases) for row in kept.there(deployment) if row.databases},
    }


def _read(
    deployment: Deployment,
    here: Copier,
    tags: Sequence[str],
    *,
    parent: str = "",
    on_home: Callable[[str], None] = lambda _: None,
) -> Pass:
    """Have restic read everything once.

    :raises HomeroomError: it made no copy.
    """
    found = Pass(on_home=on_home)
    excludes = [f"--exclude={pattern}" for pattern in sources.left_out(deployment)]
    done = here.restic(
        *("backup", "--json", "--verbose=2", "--no-scan", f"--host={deployment.project}"),
        *(f"--tag={tag}" for tag in tags),
        *([f"--parent={parent}"] if parent else []),
        *excludes,
        *(f"--exclude-file={SCRATCH}/left-out", *ROOTS),
        on_line=found.take,
    )
    if done.returncode not in (WHOLE, WITH_GAPS) or not found.summary.get("snapshot_id"):
        raise refusal(done, here.target, doing="writing the copy")
    found.unread = [line for line in done.stderr.splitlines() if line.strip()]
    return found


def _read_again(deployment: Deployment, here: Copier, made_of: Mapping[str, Any], first: str) -> tuple[Pass, Standing]:
    """The second pass: each lab stands still until its home is through."""
    _prepare(deployment, here, made_of)
    with freeze.standing_still(deployment, deployment.labs()) as standing:
        found = _read(deployment, here, [TAG], parent=first, on_home=standing.let_go)
    torn = "databases that they wrote then may be torn in this copy."
    if standing.overdue:
        warn(
            f"The labs of {', '.join(sorted(standing.overdue))} went on after {freeze.FREEZE_SECONDS} s, before their "
            f"files were through: {torn}"
        )
    if standing.moving:
        warn(f"The engine could not pause the labs of {', '.join(sorted(standing.moving))}: {torn}")
    return found, standing


def _tell_unread(lines: Sequence[str]) -> None:
    """Say which files could not be read: most were removed while it read."""
    said = []
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            said.append(line)
            continue
        if found.get("message_type") == "error":
            said.append(f"{found.get('item', '')}: {(found.get('error') or {}).get('message', '')}")
    if said:
        more = f"\n  and {len(said) - SHOWN_FAULTS} more" if len(said) > SHOWN_FAULTS else ""
        warn("These files could not be read, and are not in the copy:\n  " + "\n  ".join(said[:SHOWN_FAULTS]) + more)
