"""What was published and fetched, in `handouts/state.json`."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from generator.core.atomic import write_atomically

FILE = "state.json"


@dataclass(kw_only=True)
class Published:
    """One handout.

    :param revision: what labs see now; empty: nothing yet.
    :param fault: and `remedy`: why what there is now cannot be handed out; what was published before stays.
    """

    revision: str = ""
    files: int = 0
    size_bytes: int = 0
    fault: str = ""
    remedy: str = ""


@dataclass(kw_only=True)
class Fetched:
    """One repository.

    :param tried_at: in seconds since 1970.
    """

    commit: str = ""
    tried_at: float = 0.0
    fault: str = ""
    remedy: str = ""

    @property
    def found(self) -> tuple[str, str, str]:
        """What the last try came to, whenever it was."""
        return self.commit, self.fault, self.remedy


@dataclass(kw_only=True)
class State:
    """All of them, by their names."""

    handouts: dict[str, Published] = field(default_factory=dict)
    mirrors: dict[str, Fetched] = field(default_factory=dict)


def read(place: Path) -> State:
    """It; an empty one where there is none, or it is not ours any more: then all is published anew."""
    try:
        data: Any = json.loads((place / FILE).read_text(encoding="utf-8"))
        return State(
            handouts={name: Published(**one) for name, one in data["handouts"].items()},
            mirrors={name: Fetched(**one) for name, one in data["mirrors"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return State()


def write(place: Path, state: State) -> None:
    """Keep it."""
    write_atomically(place / FILE, json.dumps(asdict(state), indent=2) + "\n", mode=0o600)
