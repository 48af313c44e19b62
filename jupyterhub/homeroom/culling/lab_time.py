"""LabTime: the part of a lab that knows when it ends by itself, and gives its user more time."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from homeroom.culling import more_time
from homeroom.culling.lab_prewarm import LabPrewarm, Record
from homeroom.culling.more_time import Ends


class Times(Protocol):
    """What the hub's database knows of a lab; UTC, without a time zone."""

    started: datetime | None
    last_activity: datetime | None


class LabTime:
    """The time that one lab has left.

    :param record: what is kept of the lab.
    :param prewarm: knows whether the lab was opened.
    :param times: tells when it was started, and last used.
    :param save: records the state: the hub may be killed before it does so by itself.
    """

    def __init__(
        self, record: Record, prewarm: LabPrewarm, *, times: Callable[[], Times], save: Callable[[], None]
    ) -> None:
        self._record = record
        self._prewarm = prewarm
        self._times = times
        self._save = save

    @property
    def ends(self) -> Ends:
        """When it ends by itself."""
        lab_state = self._prewarm.lab_state
        if lab_state is None:
            return Ends(idle_at=None, latest_at=None)
        return more_time.ends(lab_state, started_at=self.started_at, used_at=self.used_at)

    @property
    def can_be_longer(self) -> bool:
        """Whether it would end later if its user asked for more time now."""
        lab_state = self._prewarm.lab_state
        return lab_state is not None and more_time.helps(
            lab_state, started_at=self.started_at, used_at=self.used_at, now=time.time()
        )

    def give_more(self) -> bool:
        """Two more hours from now, or as much of them as the lab may have. Returns whether that is any."""
        lab_state = self._prewarm.lab_state
        if lab_state is None or not self.can_be_longer:
            return False
        self._record.lab_state = more_time.given(lab_state, started_at=self.started_at, now=time.time())
        self._save()
        return True

    @property
    def started_at(self) -> float:
        """When it was started, in seconds since the epoch; 0 where that is unknown."""
        return more_time.seconds(self._times().started)

    @property
    def used_at(self) -> float:
        """When it was last used as far as the hub knows, in the same way."""
        return more_time.seconds(self._times().last_activity)
