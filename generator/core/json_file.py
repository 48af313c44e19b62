"""What commands remember in small files, a dataclass each, for the deployment's owner alone."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from generator.core.atomic import write_atomically

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T")


def read(path: Path, kind: type[T]) -> T:
    """What a file holds; an empty one where there is none, or it is not ours any more."""
    try:
        return kind(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return kind()


def write(path: Path, value: DataclassInstance) -> None:
    """Keep it, whole also when it is cut off."""
    write_atomically(path, json.dumps(asdict(value), indent=2) + "\n", mode=0o600)
