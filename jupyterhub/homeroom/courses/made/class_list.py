"""A list of people that was pasted or sent as a file: a name a line, or a table with a column of names, as spreadsheets
and other systems write it. By the rules that `make roster` and `site/courses.yaml` have for one. Pure.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from homeroom.courses.made.fault import Fault
from homeroom.hub.service_names import is_of_service
from homeroom.texts.said import say

NAME = r"[a-z0-9][a-z0-9._@+-]{0,63}"
HEADINGS = ("username", "user", "login", "benutzername", "anmeldename", "nutzername", "kennung", "name")
"""Of the column that is read, in any case, the surest first: beside another one, `name` is what people are called. Of a
table without, it is the first column."""
SEPARATORS = ";,\t"
ENCODINGS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
LARGEST_BYTES = 1 << 20
MOST_FAULTS = 20
"""More are not told at a time."""


def is_user_name(name: str) -> bool:
    """Whether somebody can be called so."""
    return bool(re.fullmatch(NAME, name)) and not is_of_service(name)


def known_as(name: str) -> str:
    """A name as the hub knows it: in small letters. What is not ASCII stays as it is, and is no user's name."""
    return name.lower() if name.isascii() else name


def read(data: bytes, field: str) -> tuple[list[str], list[Fault]]:
    """The names of a list, in its order, and what is wrong with it; of a faulty one nothing is taken.

    :param field: of the form, for the faults.
    """
    if len(data) > LARGEST_BYTES:
        return [], [Fault(field, say("course_settings.wrong.list_large", mib=LARGEST_BYTES >> 20))]
    encoding = next((name for mark, name in ENCODINGS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return [], [Fault(field, say("course_settings.wrong.list_encoding", line=line))]
    if "\0" in text:
        return [], [Fault(field, say("course_settings.wrong.list_no_text"))]
    return _names(list(_rows(text)), field)


def _names(rows: list[tuple[int, list[str]]], field: str) -> tuple[list[str], list[Fault]]:
    column = 0
    if rows:
        headings = [cell.lower() for cell in rows[0][1]]
        if found := next((heading for heading in HEADINGS if heading in headings), None):
            column, rows = headings.index(found), rows[1:]
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    for number, cells in rows:
        name = known_as(cells[column]) if column < len(cells) else ""
        if not is_user_name(name):
            faults.append(Fault(field, say("course_settings.wrong.list_name", line=number, name=repr(name[:80]))))
        elif name in lines:
            said = say("course_settings.wrong.list_twice", line=number, name=name, first=lines[name])
            faults.append(Fault(field, said))
        else:
            lines[name] = number
    if not lines and not faults:
        faults.append(Fault(field, say("course_settings.wrong.list_empty")))
    return ([] if faults else list(lines)), faults[:MOST_FAULTS]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold something, with their numbers, each as its cells."""
    lines = io.StringIO(text, newline=None).read().split("\n")
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    separator = max(SEPARATORS, key=first.count)
    csv.field_size_limit(LARGEST_BYTES)  # a line that is longer than the module takes is told as no name
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            (cells,) = csv.reader([line], delimiter=separator)
            yield number, [cell.strip() for cell in cells]
