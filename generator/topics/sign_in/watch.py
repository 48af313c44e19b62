"""Who waits for approval, and for how long, for the watchdog and the letter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from generator.core.console import counted
from generator.core.finding import Finding, warning
from generator.engine.watched import Watched
from generator.topics.sign_in import accounts
from generator.topics.sign_in.ways import NATIVE

ORDER = 10
LONG_DAYS = 2
DAY_SECONDS = 86400
MEMORY = "waiting"


def faults(watched: Watched) -> Iterator[Finding]:
    """Approvals that wait for days."""
    people = _ask(watched)
    if people is None:
        return
    days = _longest_days(watched, people["waiting"])
    if days >= LONG_DAYS:
        count = len(people["waiting"])
        cause = f"{counted(count, 'sign-up')} {'waits' if count == 1 else 'wait'} for approval"
        remedy = "The page Accounts of the hub has them."
        yield warning("accounts", f"{cause}, the first for {counted(days, 'day')}", location="approvals", remedy=remedy)


def letter(watched: Watched) -> Iterator[str]:
    """How many accounts there are, and who waits."""
    people = _ask(watched)
    if people is None:
        return
    yield f"People: {counted(people['accounts'], 'account')}."
    if people["waiting"]:
        days = _longest_days(watched, people["waiting"])
        since = f", the first for {counted(days, 'day')}" if days else ""
        yield f"Approvals: {len(people['waiting'])} waiting{since}: see the page Accounts of the hub."


def _ask(watched: Watched) -> Mapping[str, Any] | None:
    """What the hub says of its accounts; None where it keeps none, or cannot be asked."""
    if watched.deployment is None or NATIVE not in watched.settings.ways or not watched.runs("hub"):
        return None
    return accounts.ask_hub(watched.deployment, "summary")


def _longest_days(watched: Watched, waiting: Sequence[str]) -> int:
    """For how many days the first of those who wait does so: nobody notes when somebody signed up, so since they were
    first seen."""
    now = watched.now.timestamp()
    kept: dict[str, float] = watched.memory.get(MEMORY) or {}
    seen = watched.memory[MEMORY] = {name: min(float(kept.get(name, now)), now) for name in waiting}
    return int((now - min(seen.values(), default=now)) // DAY_SECONDS)
