"""Names that are there twice."""

from __future__ import annotations

from collections.abc import Iterator

from generator.core.errors import HomeroomError
from generator.site.reader import Location, SiteFile


def same_names(file: SiteFile, location: Location, names: list[str], what: str) -> Iterator[HomeroomError]:
    """Names that differ in nothing, or in capitals alone, which some file systems do not tell apart."""
    seen: dict[str, int] = {}
    for index, name in enumerate(names):
        first = seen.setdefault(name.lower(), index)
        if first != index:
            mark = file.mark((*location, first, "name"))
            line = f"; the first is on line {mark.line + 1}" if mark else ""
            cause = f"the {what} {name} is there twice{line}"
            yield file.error((*location, index, "name"), cause, remedy="Give one of them another name.")
