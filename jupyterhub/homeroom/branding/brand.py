"""What the pages look like: what the generator wrote of site/branding.yaml, read again when it changes."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from homeroom.texts import catalogue, language

FILE = Path("/srv/jupyterhub/branding.json")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Brand:
    """What the pages look like. Names of pictures are of files in site/branding/; empty: JupyterHub's own."""

    name: str = "JupyterHub"
    logo: str = ""
    logo_dark: str = ""
    colour: str = "#b84a08"
    colour_dark: str = "#b84a08"
    imprint: str = ""
    privacy: str = ""
    announcement: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, said: Mapping[str, Any]) -> Brand:
        """What the file says; what only another version knows is passed over."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in said.items() if name in known and value})

    @property
    def told(self) -> str:
        """The announcement in the reader's language, else in English, else in the one that there is."""
        for wanted in (language.current(), catalogue.DEFAULT, *self.announcement):
            if wanted in self.announcement:
                return self.announcement[wanted]
        return ""


_read: tuple[tuple[int, int] | None, Brand] = (None, Brand())


def now(_: object = None) -> Brand:
    """What the pages look like now. Where the file cannot be read, they go on looking as before."""
    global _read
    try:
        there = FILE.stat()
        seen = (there.st_mtime_ns, there.st_ino)
        if seen != _read[0]:
            _read = (seen, Brand.load(json.loads(FILE.read_text(encoding="utf-8"))))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s cannot be read: %s", FILE, error)
    return _read[1]
