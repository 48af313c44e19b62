"""After a copy: old ones are forgotten, a part of all data is read, and what looks wrong is told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from generator.core.console import counted, step
from generator.core.errors import HomeroomError
from generator.core.process import Completed
from generator.topics.copies import suspicion, upkeep_record
from generator.topics.copies.copier import Copier
from generator.topics.copies.last import Last
from generator.topics.copies.refusals import LOCKED, refusal
from generator.topics.copies.secrets import FOLDER
from generator.topics.copies.suspicion import Changes
from generator.topics.copies.upkeep_record import REMEMBERED, Upkeep

TAG, FIRST_PASS = "homeroom", "homeroom-first-pass"
SLICES = 7
READ_AGAIN_HOURS = 20.0
"""A slice a day, so that all is read in a week."""
PRUNE_AGAIN = timedelta(days=7)
KEPT_THERE = "unable to remove"
"""What restic says, and goes on, where the place lets nothing be removed."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """The copy that was just made.

    :param before: the one before it, at the same place; an empty one where there was none.
    :param changes: of the files since then.
    :param confirmed: the operator says that what looks wrong is right.
    """

    project: str
    moment: datetime
    before: Last
    changes: Changes
    confirmed: bool = False


def care(here: Copier, rules: str, made: Made, folder: Path = FOLDER) -> Upkeep:
    """Care for the copies, note what came of it, and return that. What fails does not make the new copy less good.

    :param rules: as BACKUP_KEEP has them.
    """
    known = upkeep_record.read(here.target.address, folder).as_of(made.moment)
    with step("Looking after the copies") as shown:
        try:
            known = _forget(here, rules, made, known)
            upkeep_record.write(known, folder)
            known = _prune(here, made.moment, known)
            known = _read_slice(here, made.moment, known)
            known = replace(known, fault="")
        except HomeroomError as error:
            known = replace(known, fault=error.cause)
        upkeep_record.write(known, folder)
        shown.say(_in_words(known))
    return known


def _in_words(known: Upkeep) -> str:
    if known.fault:
        return known.fault
    kept = "none is forgotten" if known.held else "the place only lets add" if known.only_adds else "old ones forgotten"
    return f"{kept}, {len(known.read_at)} of {SLICES} slices read"


def rules_of(text: str) -> list[str]:
    """BACKUP_KEEP as restic is told it."""
    pairs = [each.split(":") for each in text.split(",") if each]
    return [f"--keep-within{'' if name == 'all' else f'-{name}'}={span}" for name, span in pairs]


def _forget(here: Copier, rules: str, made: Made, known: Upkeep) -> Upkeep:
    found = _snapshots(here, made.project)
    moments = [datetime.fromisoformat(each["time"]) for each in found if TAG in (each.get("tags") or [])]
    held = why_held(made, known.touched, moments) or ("" if made.confirmed else known.held)
    touched = [made.changes.touched] if made.before.made_at else []
    known = replace(known, held=held, touched=[*known.touched, *touched][-REMEMBERED:])
    passes = [str(each["id"]) for each in found if FIRST_PASS in (each.get("tags") or [])]
    if known.only_adds:  # one is tried, to see whether that is still so
        passes = passes[-1:]
    if passes:
        done = _done(here, "forget", "--quiet", *passes)
        known = replace(known, only_adds=KEPT_THERE in done.stderr)
    if held or known.only_adds or not (arguments := rules_of(rules)):
        return known
    done = _done(here, *("forget", "--json", f"--tag={TAG}", f"--host={made.project}", "--group-by=host"), *arguments)
    if KEPT_THERE in done.stderr:
        return replace(known, only_adds=True)
    removed = sum(len(group.get("remove") or []) for group in _json(done.stdout) or [])
    return replace(known, forgotten=known.forgotten + removed + len(passes))


def why_held(made: Made, usual: Sequence[int], moments: Sequence[datetime]) -> str:
    """Why no copy is to be forgotten after this one; empty: they are."""
    if made.confirmed:
        return ""
    said = (
        suspicion.jump(made.changes, usual),
        suspicion.gap(made.before, made.moment),
        suspicion.future(moments, made.moment),
    )
    return "; ".join(each for each in said if each)


def _prune(here: Copier, moment: datetime, known: Upkeep) -> Upkeep:
    """Make room of what was forgotten, at most once a week."""
    last = datetime.fromisoformat(known.pruned_at) if known.pruned_at else None
    if not known.forgotten or known.held or known.only_adds or (last and moment - last < PRUNE_AGAIN):
        return known
    _done(here, "prune", "--quiet")
    return replace(known, forgotten=0, pruned_at=moment.isoformat())


def next_slice(known: Upkeep) -> str:
    """The slice that was not read for the longest time."""
    return min((str(number) for number in range(1, SLICES + 1)), key=lambda each: known.read_at.get(each, ""))


def _read_slice(here: Copier, moment: datetime, known: Upkeep) -> Upkeep:
    """Read a part of all data once a day, and compare it with its digests."""
    hours = known.hours_since_reading(moment)
    if hours is not None and hours < READ_AGAIN_HOURS:
        return known
    number = next_slice(known)
    done = here.restic("check", "--json", f"--read-data-subset={number}/{SLICES}")
    damaged = {name: said for name, said in known.damaged.items() if name != number}
    summary = _json(done.stdout.strip().rpartition("\n")[2]) or {}
    if errors := int(summary.get("num_errors", 0)):
        packs = len(summary.get("broken_packs") or [])
        damaged[number] = f"{counted(packs, 'file')} of data" if packs else counted(errors, "error")
    elif done.returncode:
        raise refusal(done, here.target, doing="reading the copies")
    return replace(known, damaged=damaged, read_at=known.read_at | {number: moment.isoformat()})


def _snapshots(here: Copier, project: str) -> list[dict[str, Any]]:
    done = _done(here, "snapshots", "--json", f"--host={project}")
    found: list[dict[str, Any]] = _json(done.stdout) or []
    return sorted(found, key=lambda each: str(each["time"]))


def _done(here: Copier, *arguments: str) -> Completed:
    """What restic did.

    :raises HomeroomError: it did not.
    """
    done = here.restic(*arguments)
    if done.returncode == LOCKED:
        raise HomeroomError(
            "the copies are locked by another machine just now", remedy="The next run looks after the copies."
        )
    if done.returncode and KEPT_THERE not in done.stderr:
        raise refusal(done, here.target, doing="looking after the copies")
    return done


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
