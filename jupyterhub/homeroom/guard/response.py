"""What the engine answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Response:
    """What the engine said."""

    status: int
    headers: dict[str, str]
    body: bytes

    def read(self) -> dict[str, Any]:
        """The body as an object; an empty one where it is none."""
        data = json.loads(self.body)
        return data if isinstance(data, dict) else {}
