"""Images that the deployments of one run share: the first that needs them has them built, the next ones find them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from typing import Any

KEPT = f"hrkept{os.getpid()}"
_kept: dict[tuple[str, str], Any] = {}
"""By what they are and the features that were built in."""
_end = contextlib.ExitStack()


def lend(project: str, settings: Mapping[str, str]) -> None:
    """Give a deployment what others had built. Its `make up` builds what is missing, or was made from something else.

    :param settings: its own lines of `.env`.
    """
    for name, kind in _kinds(settings).items():
        if kind in _kept:
            _kept[kind].tag(f"{project}-{name}", "local")


def keep(images: Any, project: str, settings: Mapping[str, str]) -> None:
    """Keep what a deployment has, under names that are no deployment's.

    :param images: the engine's.
    """
    for name, kind in _kinds(settings).items():
        if kind not in _kept:
            _kept[kind] = images.get(f"{project}-{name}:local")
            _kept[kind].tag(KEPT, f"{name}-{len(_kept)}")
            _end.callback(images.remove, f"{KEPT}:{name}-{len(_kept)}", force=True)


def _kinds(settings: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Which images it has, each with what it differs by from others of its name."""
    kinds = {"hub": ("hub", ""), "proxy": ("proxy", "")}
    if not settings.get("DOCKER_NOTEBOOK_IMAGE"):
        kinds["lab"] = ("lab", settings.get("LAB_FEATURES", ""))
    return kinds


def remove_all() -> None:
    """Remove those names, and what nothing else uses of the images. Without an engine there are none."""
    _end.close()
