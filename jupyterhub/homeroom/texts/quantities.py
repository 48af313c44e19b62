"""Numbers and what belongs to them, as people of a language write them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

DECIMAL_COMMA = frozenset({"de"})
UNITS: Mapping[str, Mapping[str, str]] = {"de": {"d": "Tage", "day": "Tag"}, "en": {"d": "days", "day": "day"}}


def number(value: float, language: str) -> str:
    """A number with three digits that count, and all of them before the point: `1.5`, `1,5`, `26300`."""
    return decimal(f"{value:.0f}" if abs(value) >= 999.5 else f"{value:.3g}", language)


def decimal(written: str, language: str) -> str:
    """A number that is written with a point."""
    return written.replace(".", ",") if language in DECIMAL_COMMA else written


def size(size_bytes: float, language: str) -> str:
    """Memory: `512 MB`, `2 GB`."""
    if size_bytes >= 2**30:
        return f"{number(size_bytes / 2**30, language)} GB"
    return f"{size_bytes / 2**20:.0f} MB"


def file_size(size_bytes: float, language: str) -> str:
    """A file: `812 bytes`, `3.2 KB`, `45 MB`, `1.5 GB`."""
    for unit, length in (("GB", 2**30), ("MB", 2**20), ("KB", 2**10)):
        if size_bytes >= length:
            return f"{number(size_bytes / length, language)} {unit}"
    return f"{size_bytes:.0f} {'Byte' if language == 'de' else 'bytes'}"


def duration(seconds: float, language: str) -> str:
    """A time span in its largest unit: `2 h`, `45 min`, `3 days`."""
    if seconds >= 86400:
        return _days(seconds / 86400, language)
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{number(seconds / length, language)} {unit}"
    return f"{seconds:.0f} s"


def wait(seconds: float, language: str) -> str:
    """A time span to wait, never told shorter than it is: `1 min`, `25 min`, `3 h`, `2 days`."""
    for unit, length, up_to in (("min", 60, 7200), ("h", 3600, 172_800)):
        if seconds <= up_to:
            return f"{max(1, math.ceil(seconds / length))} {unit}"
    return _days(math.ceil(seconds / 86400), language)


def time_left(seconds: float, language: str) -> str:
    """What is left of a time, never told longer than it is: `1 h 20 min`, `45 min`, `30 s`."""
    if seconds < 60:
        return f"{max(0, math.floor(seconds))} s"
    hours, minutes = divmod(math.floor(seconds / 60), 60)
    if hours >= 24:
        return _days(hours // 24, language)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _days(count: float, language: str) -> str:
    return f"{number(count, language)} {UNITS[language]['day' if count == 1 else 'd']}"


def several(values: Iterable[Any], language: str) -> str:
    """Names in a row."""
    del language
    return ", ".join(str(value) for value in values)


WRITTEN: Mapping[str, Callable[[Any, str], str]] = {
    "number": number,
    "size": size,
    "file_size": file_size,
    "duration": duration,
    "wait": wait,
    "time_left": time_left,
    "list": several,
}
"""How a value may be written, by the word for it."""
