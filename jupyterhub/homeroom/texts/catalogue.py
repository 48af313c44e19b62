"""The texts that people read: a folder a language, a TOML file a topic, found by their names and read once.

A text is one or more whole sentences with named values, `{name}`. A value may say how it is written: `{memory:size}`
takes bytes, `{idle:duration}` and `{wait:wait}` take seconds, `{labs:list}` takes several. A text that depends on a
number is a table with `one` and `other`, and the number is called `count`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from homeroom.texts.quantities import WRITTEN

FOLDER = Path(__file__).parent
DEFAULT = "en"
PLURAL = {"one", "other"}
Text = str | Mapping[str, str]
Texts = Mapping[str, Text]


@cache
def languages() -> tuple[str, ...]:
    """The languages there are, the default first."""
    found = sorted({path.parent.name for path in FOLDER.glob("*/*.toml")})
    return (DEFAULT, *(language for language in found if language != DEFAULT))


@cache
def texts(language: str) -> Texts:
    """All texts of a language by their keys, such as `home.start`: the file's name, then what leads there in it."""
    found: dict[str, Text] = {}
    for path in sorted((FOLDER / language).glob("*.toml")):
        found |= dict(_flat(path.stem, tomllib.loads(path.read_text(encoding="utf-8"))))
    return found


def _flat(prefix: str, table: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    for name, value in table.items():
        if isinstance(value, str) or value.keys() == PLURAL:
            yield f"{prefix}.{name}", value
        else:
            yield from _flat(f"{prefix}.{name}", value)


def fill(language: str, key: str, values: Mapping[str, Any], escape: Callable[[str], str] = str) -> str:
    """A text with its values.

    :param escape: what is done to each value, as it is written, before it is put in.
    :raises KeyError: there is no such text, or a value of it is missing.
    """
    found = texts(language)[key]
    if not isinstance(found, str):
        found = found["one" if values["count"] == 1 else "other"]
    return "".join(_filled(language, found, values, escape))


def _filled(language: str, found: str, values: Mapping[str, Any], escape: Callable[[str], str]) -> Iterator[str]:
    for before, name, how, _ in Formatter().parse(found):
        yield before
        if name is not None:
            value = values[name]
            written = WRITTEN[how](value, language) if how else str(value)
            yield escape(written)


def placeholders(text: Text) -> set[tuple[str, str]]:
    """The names of a text's values, each with how it is written."""
    forms = [text] if isinstance(text, str) else list(text.values())
    parts = (part for form in forms for part in Formatter().parse(form))
    return {(name, how or "") for _, name, how, _ in parts if name is not None}
