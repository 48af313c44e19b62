"""What a check looks at."""

from __future__ import annotations

from dataclasses import dataclass

from generator.engine.find import Engine
from generator.preflight.engine_state import EngineState
from generator.preflight.requirements import Requirements


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A deployment, and what its machine and engine say.

    :param engine: the engine that was found; None: there is none yet, and a check tells what can be told without.
    :param engine_state: what it said of itself; None also where it does not answer.
    :param user: who runs the command.
    """

    requirements: Requirements
    engine: Engine | None
    engine_state: EngineState | None
    user: str
