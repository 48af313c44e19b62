"""When a lab ends by itself, and two more hours for its user who asks for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from homeroom.culling.culling import LabState

MORE_SECONDS = 7200
"""What one press of the button gives."""
WORTHWHILE_SECONDS = 600.0
"""What it must bring to be offered, so that the button is not back as soon as it was pressed."""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """When a lab ends by itself, in seconds since the epoch; None: never.

    :param idle_at: if it is not used any more.
    :param latest_at: whether it is used or not.
    """

    idle_at: float | None
    latest_at: float | None

    @property
    def first_at(self) -> float | None:
        """What comes first."""
        return min((each for each in (self.idle_at, self.latest_at) if each is not None), default=None)


def seconds(when: datetime | None) -> float:
    """A time of the hub's database, which is UTC without a time zone, in seconds since the epoch; 0 where it is
    unknown."""
    return when.replace(tzinfo=UTC).timestamp() if when else 0.0


def ends(lab_state: LabState, *, started_at: float, used_at: float) -> Ends:
    """When a lab ends by itself.

    :param started_at: and `used_at`, when it was last used as far as the hub knows: seconds since the epoch.
    """
    if lab_state.prewarmed:
        return Ends(idle_at=lab_state.keep_until, latest_at=None)
    begun = max(started_at, lab_state.lesson_at)
    idle_at = max(begun, used_at) + lab_state.idle_seconds if lab_state.idle_seconds else None
    return Ends(
        idle_at=idle_at and max(idle_at, lab_state.held_until),
        latest_at=begun + lab_state.allowed_age_seconds if lab_state.max_age_seconds else None,
    )


def given(lab_state: LabState, *, started_at: float, now: float) -> LabState:
    """The lab's state with two more hours from now: as long it is not idle, and its maximum age, where it has one,
    grows as far as that needs, up to what its profile allows in all."""
    held = replace(lab_state, held_until=max(lab_state.held_until, now + MORE_SECONDS))
    if not lab_state.max_age_seconds:
        return held
    age = now + MORE_SECONDS - max(started_at, lab_state.lesson_at)
    wanted = max(lab_state.added_seconds, int(age) - lab_state.max_age_seconds)
    return replace(held, added_seconds=min(lab_state.more_time_seconds, wanted))


def helps(lab_state: LabState, *, started_at: float, used_at: float, now: float) -> bool:
    """Whether the lab would end later by it: not where it never ends by itself, may have no more time, has had it all,
    or was not opened yet."""
    if lab_state.prewarmed or not lab_state.more_time_seconds:
        return False
    before = ends(lab_state, started_at=started_at, used_at=used_at).first_at
    after = ends(given(lab_state, started_at=started_at, now=now), started_at=started_at, used_at=used_at).first_at
    return before is not None and after is not None and after - before >= WORTHWHILE_SECONDS
