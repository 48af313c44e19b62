"""Stand-in until the real one is on main: reads one file of `site/` into a model."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from generator.errors import HomeroomError, raise_all

T = TypeVar("T", bound=BaseModel)


def load(path: Path, model: type[T]) -> T | None:
    """The file's content, checked; None where there is no such file."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise HomeroomError(f"cannot be read: {error}", place=f"site/{path.name}", remedy="Mend the file.") from None
    try:
        return model.model_validate(data or {})
    except ValidationError as error:
        faults = [
            HomeroomError(
                str(fault["msg"]),
                place=f"site/{path.name} {'.'.join(map(str, fault['loc']))}",
                remedy="Mend the file.",
            )
            for fault in error.errors()
        ]
        raise_all(faults)
        return None
