"""Labs that do not start, for the watchdog; and how the week was, for the letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from generator.core.console import counted, plain
from generator.core.finding import Finding, warning
from generator.engine import hub_module
from generator.engine.watched import Watched

ORDER = 12
MODULE = "homeroom.history.overview"
LEAST_FAILED = 3
LEAST_SHARE = 0.1
"""Of the labs that were asked for: so many that did not start are worth a word, in a class as in a quiet hour."""
LOOK = "`make logs SERVICE=hub` says more of each."
REASONS: Mapping[str, tuple[str, str]] = {
    "timeout": (
        "no answer in time",
        "LAB_START_TIMEOUT_SECONDS gives them longer; `make status` shows how busy it is.",
    ),
    "died": ("the lab ended at once", f"The end of its log is in the hub's: {LOOK}"),
    "memory": ("the lab ran out of memory", "Raise LAB_MEMORY, or its profile's `memory`."),
    "full": (
        "no room came free in time",
        "Shorter CULL_IDLE_SECONDS, smaller labs or more memory: docs/labs-lifecycle.md.",
    ),
    "engine": ("the engine refused", LOOK),
    "engine-away": ("the engine did not answer", "`make doctor` says what is wrong with it."),
    "disk-full": ("the disk is full", "Make room on the engine's disk; `make status` shows the largest homes."),
    "image-missing": ("the image is not on this machine", "`make up` brings it."),
    "firewall": ("the labs' firewall is not in force", "`make logs SERVICE=firewall` says why."),
    "home": ("the home cannot be made", "See HOMES, and whether its disk is there: docs/labs-storage.md."),
    "share-missing": ("a share is not there", "See site/shares.yaml, and whether its disk is there."),
    "guard": ("the guard refused", "`make logs SERVICE=guard` says why."),
    "gpus-missing": ("GPUs are not there", "`make gpus` shows those that are."),
    "gpus-taken": ("no GPU came free in time", "Shorter GPU_IDLE_SECONDS, or fewer GPUs a lab: docs/gpus.md."),
    "gpus-cap": ("people had all the GPUs that they may have", "See `per_user` in site/gpus.yaml."),
    "gpus-impossible": ("more GPUs were asked for than there are", "See the profiles, and `make gpus`."),
    "error": ("an error of the hub's", LOOK),
}
"""What the hub's words for a failed start mean, and what to do about the most frequent one."""


def faults(watched: Watched) -> Iterator[Finding]:
    """Labs that did not start within the last hour, if they are more than a few."""
    hour = _ask(watched).get("hour")
    if not hour:
        return
    asked = hour["ready"] + hour["failed"]
    if hour["failed"] < LEAST_FAILED or hour["failed"] < LEAST_SHARE * asked:
        return
    first = next(iter(hour["reasons"]), "error")
    cause = f"{hour['failed']} of {counted(asked, 'lab')} that were asked for within the last hour did not start"
    yield warning(
        "starts", f"{cause}: {_why(hour['reasons'])}", location="labs", remedy=REASONS.get(first, ("", LOOK))[1]
    )


def letter(watched: Watched) -> Iterator[str]:
    """How much was used, how long was waited, and what did not start."""
    week = _ask(watched).get("week")
    if not week:
        return
    count = week["people"]
    people = f"{count} {'person' if count == 1 else 'people'}, " if count else ""
    most = counted(week["labs_most"], "lab")
    wait = (
        f"; the longest wait was {_minutes(week['longest_wait_seconds'])}" if week["longest_wait_seconds"] >= 1 else ""
    )
    yield f"Use of the week: {people}{week['lab_hours']:.0f} lab hours, {most} at a time at most{wait}."
    if week["failed"]:
        yield f"Labs that did not start: {week['failed']} of {week['ready'] + week['failed']}: {_why(week['reasons'])}."


def _ask(watched: Watched) -> Mapping[str, Any]:
    """What the hub has written down; nothing where it does not run."""
    if watched.deployment is None or not watched.runs("hub"):
        return {}
    return hub_module.ask(watched.deployment, MODULE, about="how labs started")


def _why(reasons: Mapping[str, int]) -> str:
    """The reasons in words, the most frequent first."""
    words = [f"{REASONS.get(reason, (plain(reason), ''))[0]} ({count})" for reason, count in reasons.items()]
    return ", ".join(words) or "for reasons that are no longer known"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 60 else f"{seconds / 60:.0f} min"
