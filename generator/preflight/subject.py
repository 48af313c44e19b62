"""What a check looks at."""

from __future__ import annotations

from dataclasses import dataclass

from generator.engine.find import Engine
from generator.preflight.facts import EngineFacts
from generator.preflight.wanted import Wanted


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A deployment, and what its machine and engine say.

    :param engine: the engine that was found; None: there is none yet, and a check tells what can be told without.
    :param facts: what it said of itself; None also where it does not answer.
    :param user: who runs the command.
    """

    wanted: Wanted
    engine: Engine | None
    facts: EngineFacts | None
    user: str
