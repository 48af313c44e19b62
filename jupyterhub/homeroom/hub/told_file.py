"""A file that `make up` renders and the hub looks at again and again while it runs, so that nothing is restarted for
what is in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from traitlets import Unicode
from traitlets.config import LoggingConfigurable

LARGEST_BYTES = 16 << 20


class ToldFile(LoggingConfigurable):
    """What it says. With a file that cannot be read it goes on with what it read last."""

    what: ClassVar[str]
    """What is in it, for the log."""
    path = Unicode(config=True, help="The file, which is written whole or not at all.")

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._seen: tuple[int, ...] | None = None
        self.is_read = False
        """Whether the file could be read: nobody is put out of anything as long as nobody knows who is in it."""

    def look(self) -> None:
        """Read the file, where it changed."""
        path = Path(self.path)
        try:
            found = path.stat()
            seen = (found.st_mtime_ns, found.st_size, found.st_ino)
            if seen != self._seen:
                self._seen = seen
                if found.st_size > LARGEST_BYTES:
                    raise ValueError(f"larger than any list of {self.what}")
                self._take(json.loads(path.read_text(encoding="utf-8")))
                self.is_read = True
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.log.error("%s cannot be read, so the last %s count: %r", path, self.what, error)

    def _take(self, values: Mapping[str, Any]) -> None:
        """Keep what it says. :raises ValueError: KeyError and TypeError: it is none of ours; nothing is kept then."""
        raise NotImplementedError
