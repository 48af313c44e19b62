"""What a kernel sends while no page is connected, kept for the page that was there last and may come back.

Upstream keeps all of it, until the server has no memory left. Here output ends at a bound, and the page reads so below
the cell; what tells the page that a cell has ended is kept.
"""

from __future__ import annotations

from typing import Any

from homeroom_lab.runs import OUTPUT

NOTE = "\n(More was written while this page was not connected than is kept.)\n"


class Missed(list[tuple[str, list[bytes]]]):
    """Messages, each with its channel, in the place of upstream's list."""

    def __init__(self, session: Any, most_bytes: int) -> None:
        super().__init__()
        self._session = session
        self._left_bytes = most_bytes
        self._cut: set[str] = set()
        """The requests whose output is not whole."""

    def append(self, message: tuple[str, list[bytes]]) -> None:
        """Keep a message, if it is short enough or no output."""
        channel, parts = message
        self._left_bytes -= sum(map(len, parts))
        if self._left_bytes >= 0 or channel != "iopub":
            super().append(message)
            return
        _, (_, packed, packed_parent, *_) = self._session.feed_identities(parts)
        header, parent = self._session.unpack(packed), self._session.unpack(packed_parent)
        if header["msg_type"] in {"status", "execute_input"}:
            super().append(message)
        elif header["msg_type"] in OUTPUT and (asked := parent.get("msg_id", "")) not in self._cut:
            self._cut.add(asked)
            note = self._session.msg("stream", {"name": "stderr", "text": NOTE}, parent=parent)
            super().append((channel, self._session.serialize(note)))
