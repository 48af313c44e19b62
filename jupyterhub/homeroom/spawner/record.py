"""LabRecord: what the hub keeps of a lab beyond its own restarts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from homeroom.culling.culling import LabState
from homeroom.texts.said import NOTHING, Said

ENDED = "homeroom_ended"
RESET = "homeroom_reset"
MEMORY_KILL = "homeroom_memory_kill"
SHARES = "homeroom_shares"


@dataclass
class LabRecord:
    """The state that a lab's end is decided by, and what its owner is to find next.

    :param lab_state: of the lab that runs or starts.
    :param ended: why the last lab ended, for its owner; nothing where they stopped it themselves, and while one runs.
    :param reset: whether the next start that succeeds sets aside what the person installed and configured.
    :param memory_kill: whether something was killed in the lab that runs because its memory was full.
    :param shares: the names of the shares and handouts that the lab that runs was started with; None: not known.
    """

    lab_state: LabState | None = None
    ended: Said = NOTHING
    reset: bool = False
    memory_kill: bool = False
    shares: tuple[str, ...] | None = None

    def stored(self) -> dict[str, Any]:
        """Plain data for the hub's database, beside what dockerspawner keeps there."""
        lab_state = self.lab_state.as_state() if self.lab_state else {}
        marks: dict[str, Any] = {
            name: True for name, is_set in ((RESET, self.reset), (MEMORY_KILL, self.memory_kill)) if is_set
        }
        if self.shares is not None:
            marks[SHARES] = list(self.shares)
        return lab_state | ({ENDED: self.ended.stored()} if self.ended else {}) | marks

    def load(self, stored: Mapping[str, Any]) -> None:
        """Take up what `stored` gave, after a restart of the hub."""
        self.lab_state = LabState.from_state(stored)
        self.ended = Said.load(stored.get(ENDED))
        self.reset = stored.get(RESET, False)
        self.memory_kill = stored.get(MEMORY_KILL, False)
        self.shares = tuple(stored[SHARES]) if SHARES in stored else None

    def forget_lab(self) -> None:
        """Forget the lab that ran, but not why it ended, nor that a reset is asked for."""
        self.lab_state = None
        self.memory_kill = False
        self.shares = None
