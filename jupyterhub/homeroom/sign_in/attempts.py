"""Wrong passwords, counted so that guessing ends in a lock, and nobody locks anybody else out."""

from __future__ import annotations

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

MOST_COUNTS = 20_000
"""Kept at a time; the oldest goes first. Each costs a guess, which is a quarter of a second of computing."""
FROM_ANYWHERE = 10
"""Times the limit: wrong passwords for one name from all sides together, after which each side has a single try."""


@dataclass
class Count:
    """How many tries, and when the count began or last grew."""

    tries: int
    at: float


class Attempts:
    """Counts tries per name and side. A side is where they come from: an address, or a browser that is known.

    Whoever guesses locks themselves out, from their own side: the person whose name it is signs in from theirs. Many
    sides at once do not help much: beyond ten times the limit each has one try. What a try is counted for includes the
    password's hash, so that with a new password all counts begin anew. Names without an account are counted alike.

    :param most: tries that a side has; 0: no end.
    :param seconds: for how long somebody is locked out, and how long a count is kept.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most = most
        self.seconds = seconds
        self._clock = clock
        self._counts: OrderedDict[tuple[str, ...], Count] = OrderedDict()

    def locked_seconds(self, name: str, secret: str, side: str) -> float:
        """For how much longer this side gets no further try for this name; 0: it has one."""
        if not self.most:
            return 0.0
        mine = self._count(name, secret, side)
        everybody = self._count(name, secret)
        crowded = everybody is not None and everybody.tries >= self.most * FROM_ANYWHERE
        if mine is None or mine.tries < (1 if crowded else self.most):
            return 0.0
        return max(1.0, mine.at + self.seconds - self._clock())

    def add(self, name: str, secret: str, side: str) -> None:
        """Count a try, before it is known to be wrong: those that come at once count each."""
        now = self._clock()
        mine = self._count(name, secret, side) or Count(0, now)
        everybody = self._count(name, secret) or Count(0, now)
        self._keep((name, secret, side), Count(mine.tries + 1, now))
        self._keep((name, secret), Count(everybody.tries + 1, everybody.at))

    def clear(self, name: str, secret: str, side: str) -> None:
        """Forget the tries of a side that had the right password."""
        mine = self._counts.pop((name, secret, side), None)
        everybody = self._count(name, secret)
        if mine is not None and everybody is not None:
            everybody.tries -= min(mine.tries, everybody.tries)

    def _count(self, *key: str) -> Count | None:
        found = self._counts.get(key)
        if found is not None and self._clock() - found.at > self.seconds:
            del self._counts[key]
            return None
        return found

    def _keep(self, key: tuple[str, ...], count: Count) -> None:
        self._counts[key] = count
        self._counts.move_to_end(key)
        while len(self._counts) > MOST_COUNTS:
            self._counts.popitem(last=False)


def side_of(address: str) -> str:
    """The side that an address is of: itself, or the network of an IPv6 address, in which one machine has them all."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
