"""An image that is to be had, and one that is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CONTEXT_LABEL = "homeroom.context"
NAME_LABEL = "homeroom.image"


@dataclass(frozen=True)
class BuildSpec:
    """An image to be had.

    :param name: what people call it: hub, proxy, lab.
    :param tag: its full name in the engine.
    :param context: the directory that is sent to the build.
    :param origins: further images that it starts from, with their ids where they are on this machine. An image of the
        operator's own has some; the builder may pull what is missing of them.
    """

    name: str
    tag: str
    context: Path
    dockerfile: Path
    build_args: Mapping[str, str] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BuiltImage:
    """An image that is there.

    :param built: False when it was up to date already.
    """

    name: str
    tag: str
    image_id: str
    built: bool
    seconds: float
