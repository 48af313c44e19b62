"""Templates: Python decides, templates print."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2


def render(template: Path, values: Mapping[str, Any]) -> str:
    """The text of a template with these values; it may use no other."""
    return _template(template).render(values)


@functools.cache
def _template(path: Path) -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - it writes Python, and every value passes the filter `py`
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["py"] = literal
    return environment.get_template(path.name)


def literal(value: object) -> str:
    """A Python literal, with the double quotes that a formatter would give it."""
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str) and value.isprintable() and '"' not in value and not value.endswith("\\"):
        return f'r"{value}"' if "\\" in value else f'"{value}"'
    return repr(value)
