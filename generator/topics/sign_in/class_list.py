"""A list of people in a file: a name a line, or a table with a column of names, as spreadsheets and other systems write
it. What cannot be read is told with file and line, all of it at once, before anything is done.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from pathlib import Path

from generator.core.errors import HomeroomError, raise_all
from generator.schema.types import USERNAME_PATTERN, known_as

COLUMNS = frozenset({"name", "username", "user", "login"})
"""Headings of the column that is read, in any case."""
SEPARATORS = ";,\t"
NAMES = "Lower-case letters, digits and . _ @ + - ; the first a letter or digit; 64 at most."
ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LARGEST_BYTES = 1 << 20
"""More than ten thousand people's lines; the hub has a few hundred of them."""


def read(path: Path) -> list[str]:
    """The names in a file, in its order, as the hub knows them.

    Lines may end as any system ends them; empty ones and those that begin with # are passed over. Of a table the column
    is read whose heading is `name`, `username`, `user` or `login`; without headings, the first.

    :raises HomeroomError: the file cannot be read, a name is none, or one is there twice; all faults together.
    """
    rows = _rows(_text(path))
    column = 0
    if rows:
        headings = [cell.lower() for cell in rows[0][1]]
        found = [number for number, heading in enumerate(headings) if heading in COLUMNS]
        if found:
            column = found[0]
            rows = rows[1:]
    lines: dict[str, int] = {}
    errors: list[HomeroomError] = []
    for number, cells in rows:
        name = known_as(cells[column]) if column < len(cells) else ""
        location = f"{path}:{number}"
        if not re.fullmatch(USERNAME_PATTERN, name):
            errors.append(HomeroomError(f"{name[:80]!r} is no user name", location=location, remedy=NAMES))
        elif name in lines:
            remedy = "Two people cannot have one name; take one line out, or give one of them another name."
            errors.append(HomeroomError(f"{name} is in line {lines[name]} already", location=location, remedy=remedy))
        else:
            lines[name] = number
    raise_all(errors)
    if not lines:
        raise HomeroomError("there is no name in it", location=str(path), remedy="Write a name a line.")
    return list(lines)


def _text(path: Path) -> str:
    """What a file holds, however the program that wrote it encodes text."""
    try:
        if path.exists() and not path.is_file():
            raise HomeroomError("is no file", location=str(path), remedy="FILE is the path of a list of names.")
        with path.open("rb") as file:
            data = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise HomeroomError(
            f"cannot be read: {error.strerror}", location=str(path), remedy="FILE is the path of a list of names."
        ) from None
    if len(data) > LARGEST_BYTES:
        raise HomeroomError(
            f"is larger than {LARGEST_BYTES >> 20} MiB, which no list of names is",
            location=str(path),
            remedy="Write a name a line, or several lists.",
        )
    encoding = next((name for mark, name in ENCODINGS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise HomeroomError(
            "this is no text in UTF-8 or UTF-16",
            location=f"{path}:{line}",
            remedy="Save the file as text or CSV in UTF-8.",
        ) from None
    if "\0" in text:
        raise HomeroomError("this is no text", location=str(path), remedy="Save the file as text or CSV in UTF-8.")
    return text


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """The lines that hold something, with their numbers, each as its cells."""
    lines = io.StringIO(text, newline=None).read().split("\n")
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    separator = max(SEPARATORS, key=first.count)
    csv.field_size_limit(LARGEST_BYTES)  # a line that is longer than the module takes is told as no name
    rows = []
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            (cells,) = csv.reader([line], delimiter=separator)
            rows.append((number, [cell.strip() for cell in cells]))
    return rows
