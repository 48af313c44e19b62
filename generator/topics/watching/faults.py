"""When a fault begins and when it is over, so that each is told once, also one that comes and goes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from generator.core.finding import Finding

QUIET_SECONDS = 15 * 60
"""So long a fault must be gone before it is over; twice as long for each time that it came back within a day."""
DAY_SECONDS = 86400.0
MERE = "|warn"
"""How the keys of warnings end. While there is an error of the same name and place, a warning is none."""


@dataclass(kw_only=True)
class Fault:
    """One fault, open or over for less than a day.

    :param line: what it is, in one line.
    :param since: when it began; `seen`: when it was seen last; `over`: when it was told to be over, 0 while it is open.
    :param begun: when it began, each time within the last day.
    """

    line: str
    since: float
    seen: float
    over: float = 0.0
    begun: list[float] = field(default_factory=list)

    @property
    def quiet_seconds(self) -> float:
        """How long it must be gone before it is over."""
        return min(QUIET_SECONDS * 2.0 ** (len(self.begun) - 1), DAY_SECONDS)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What one round found new."""

    begun: list[Fault]
    over: list[Fault]


def key_of(finding: Finding) -> str:
    """By what a fault is known again: its values change from round to round. What was a warning and is an error now is
    another one, such as a certificate that ends soon, and then has ended."""
    return f"{finding.name}|{finding.location}{'' if finding.level == 'error' else MERE}"


def line_of(finding: Finding) -> str:
    """A fault in one line, without what services said last: that may hold anything."""
    cause = re.sub(r",? and said last:?$", "", finding.cause.splitlines()[0].strip()).rstrip(":")
    where = f"{finding.location}: " if finding.location else ""
    remedy = finding.remedy.splitlines()[0].strip() if finding.remedy.strip() else ""
    return f"{where}{cause}. {remedy}".strip()


def take(known: dict[str, Fault], findings: Iterable[Finding], now: float, *, is_blind: bool = False) -> Changes:
    """Bring the known faults in step with what a round found.

    :param is_blind: it could not see everything: what it did not find may be there still, and is not over.
    """
    found = {key_of(each): each for each in reversed([each for each in findings if each.level != "ok"])}
    begun = [*_begin(known, {key: each for key, each in found.items() if each.level == "error"}, now)]
    over = [*_end(known, found, now, is_blind=is_blind)]
    for key in [f"{key}{MERE}" for key, fault in known.items() if not key.endswith(MERE) and not fault.over]:
        known.pop(key, None)  # it became worse, and is not over
        found.pop(key, None)
    begun += _begin(known, {key: each for key, each in found.items() if each.level != "error"}, now)
    return Changes(begun=begun, over=over)


def _begin(known: dict[str, Fault], found: Mapping[str, Finding], now: float) -> Iterator[Fault]:
    """Note what was found; yields what is new."""
    for key, finding in found.items():
        fault = known.get(key)
        if fault is None or fault.over:
            times = [*(fault.begun if fault else []), now]
            fault = known[key] = Fault(line=line_of(finding), since=now, seen=now, begun=times)
            yield fault
        fault.line, fault.seen = line_of(finding), now


def _end(known: dict[str, Fault], found: Collection[str], now: float, *, is_blind: bool) -> Iterator[Fault]:
    """Yield what is over, and forget what was over for a day."""
    for key, fault in list(known.items()):
        fault.begun = [at for at in fault.begun if now - at < DAY_SECONDS] or [fault.since]
        if fault.over:
            if now - fault.over >= DAY_SECONDS:
                del known[key]
        elif is_blind:
            fault.seen = now
        elif key not in found and now - fault.seen >= fault.quiet_seconds:
            fault.over = now
            yield fault
