"""What cannot be taken as a course's material."""

from __future__ import annotations


class Unfit(Exception):
    """It is not taken, and nothing was changed; the text says why."""
