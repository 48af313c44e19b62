"""One thing that is run by the clock, and all that a deployment runs so."""

from __future__ import annotations

from dataclasses import dataclass

from generator import topics
from generator.schema.settings import Settings
from generator.timers.calendar import Calendar


@dataclass(frozen=True, kw_only=True)
class Timer:
    """A verb that is run by the clock.

    :param name: small letters and hyphens; of all topics' timers each has its own.
    :param title: what it does, for lists and logs: `Make a copy`.
    :param at: when, by the machine's clock.
    :param verb: what is run, as `python -m generator` is told it.
    :param catches_up: whether a run that was missed, since the machine was off, is made up for.
    """

    name: str
    title: str
    at: Calendar
    verb: tuple[str, ...]
    catches_up: bool = True


def known(settings: Settings) -> tuple[Timer, ...]:
    """What a deployment with these settings runs by the clock, in the order of the alphabet."""
    return tuple(sorted((row for part in topics.each("timers") for row in part.timers(settings)), key=lambda r: r.name))
