"""What is wrong with something that was typed into a form."""

from __future__ import annotations

from dataclasses import dataclass

from homeroom.texts.said import Said


@dataclass(frozen=True)
class Fault:
    """:param field: of the form, by its name there; empty: it is of no single one."""

    field: str
    said: Said
