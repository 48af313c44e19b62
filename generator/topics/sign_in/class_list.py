"""A list of people in a file: a name a line, or a table with a column of names, as spreadsheets and other systems write
it. What cannot be read is told with file and line, all of it at once, before anything is done.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from generator.core.errors import HomeroomError, raise_all
from generator.schema.types import USERNAME_PATTERN, known_as

HEADINGS = {
    "name": ("username", "user", "login", "benutzername", "anmeldename", "nutzername", "kennung", "name"),
    "groups": ("groups", "group"),
    "email": ("e-mail", "email", "mail"),
}
"""Headings of the columns that are read, in any case, the surest first: beside another one, `name` is what people are
called."""
GROUP = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
EMAIL = r"[^@\s]{1,64}@[^@\s]{1,63}"
SEPARATORS = ";,\t"
NAMES = (
    "Lower-case letters, digits and . _ @ + - ; the first a letter or digit; 64 at most; not grader- or room- first."
)
ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
LARGEST_BYTES = 1 << 20
"""More than ten thousand people's lines; the hub has a few hundred of them."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Somebody on a list; groups and e-mail where it has columns for them."""

    name: str
    groups: tuple[str, ...] = ()
    email: str = ""


def read(path: Path) -> list[str]:
    """The names in a file, in its order, as the hub knows them.

    :raises HomeroomError: as `read_people`.
    """
    return [person.name for person in read_people(path)]


def read_people(path: Path) -> list[Listed]:
    """The people in a file, in its order.

    Lines may end as any system ends them; empty ones and those that begin with # are passed over. Of a table the
    columns are read whose headings are `username`, `user`, `login` (or these words in German), else `name`; `groups` or
    `group`, with spaces, commas, semicolons or bars between them; `e-mail`, `email` or `mail`. Without headings, the
    first is the names.

    :raises HomeroomError: the file cannot be read, a name is none, or one is there twice; all faults together.
    """
    rows = _rows(_text(path))
    columns = {"name": 0}
    if rows:
        headings = [cell.lower() for cell in rows[0][1]]
        found = {field: column for field in HEADINGS if (column := _column(field, headings)) is not None}
        if "name" in found:
            columns, rows = found, rows[1:]
    people: dict[str, Listed] = {}
    lines: dict[str, int] = {}
    errors: list[HomeroomError] = []
    for number, cells in rows:
        person = _person({field: cells[at] for field, at in columns.items() if at < len(cells)})
        location = f"{path}:{number}"
        if fault := _fault(person):
            errors.append(HomeroomError(fault[0], location=location, remedy=fault[1]))
        elif person.name in lines:
            cause = f"{person.name} is in line {lines[person.name]} already"
            remedy = "Two people cannot have one name; take one line out, or give one of them another name."
            errors.append(HomeroomError(cause, location=location, remedy=remedy))
        else:
            people[person.name], lines[person.name] = person, number
    raise_all(errors)
    if not people:
        raise HomeroomError("there is no name in it", location=str(path), remedy="Write a name a line.")
    return list(people.values())


def _column(field: str, headings: list[str]) -> int | None:
    """Which column a field is; None: there is none."""
    return next((headings.index(known) for known in HEADINGS[field] if known in headings), None)


def _person(cells: Mapping[str, str]) -> Listed:
    groups = filter(None, re.split(r"[\s,;|]+", cells.get("groups", "")))
    return Listed(
        name=known_as(cells.get("name", "")), groups=tuple(dict.fromkeys(groups)), email=cells.get("email", "")
    )


def _fault(person: Listed) -> tuple[str, str] | None:
    """What is wrong with a line, and what to do; None where nothing is."""
    if not re.fullmatch(USERNAME_PATTERN, person.name):
        return f"{person.name[:80]!r} is no user name", NAMES
    if odd := next((group for group in person.groups if not re.fullmatch(GROUP, group)), None):
        return f"{odd[:80]!r} is no name of a group", "Letters, digits and . _ - ; 64 at most."
    if person.email and not re.fullmatch(EMAIL, person.email):
        return f"{person.email[:80]!r} is no e-mail address", "Mend it, or leave it out."
    return None


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
