"""SetAside: capacity that is kept free for some labs, so that they start however many others run or wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from homeroom.queue.resources import NOTHING, Key, Resources


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """For which labs, and how much.

    :param is_for: tells whether it is for a lab.
    :param resources: tells how much it is, asked anew each time.
    """

    is_for: Callable[[Key], bool] = lambda _: False
    resources: Callable[[], Resources] = lambda: NOTHING
