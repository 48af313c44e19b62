"""Settings and `site/` of a copy, made such that what comes of them is closed off from the world and from what runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.schema import env_file
from generator.site import starters
from generator.topics.copies.sources import HOMES
from generator.topics.prewarm.site import SCHEDULE
from generator.topics.storage.site import SHARES_FILE

OTHERWISE = ("COMPOSE_PROJECT_NAME", "HOMES", "HOME_HARD_LIMIT")
"""Settings that the drill has otherwise than the copy: homes are volumes, so that no directory of the machine is
written into."""
HUB_D = "hub.d/zz-drill.py"
CLOSED = """\
# Of a drill: labs reach nothing and nobody.
c.LabSpawner.network_name = "none"
"""


def fit_env(text: str, name: str) -> str:
    """The copy's `.env` under the drill's name."""
    lines = [line for line in text.splitlines() if not re.match(rf"({'|'.join(OTHERWISE)})=", line)]
    return "\n".join([*lines, env_file.written("COMPOSE_PROJECT_NAME", name), ""])


def fit_site(site: Path) -> None:
    """Have no labs started by a schedule, none on a network, and shares that people write into in volumes of the
    drill's own.

    :raises HomeroomError: the copy's list of shares cannot be read.
    """
    write_atomically(site / SCHEDULE, starters.starters()[SCHEDULE])
    write_atomically(site / HUB_D, CLOSED)
    file = site / SHARES_FILE
    if not file.exists():
        return
    volumes: dict[str, str] = {}
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        for share in found.get("shares") or []:
            if share.get("path") and share.get("read_only") is False:
                share["volume"] = volumes.setdefault(share.pop("path"), f"drill-{len(volumes)}")
    except (OSError, yaml.YAMLError, AttributeError) as error:
        raise HomeroomError(
            f"the shares of the copy cannot be read: {type(error).__name__}",
            location=f"site/{SHARES_FILE} of the copy",
            remedy="Correct the file, then `make backup` and try again.",
        ) from None
    if volumes:
        write_atomically(file, yaml.safe_dump(found))


def fit_manifest(manifest: Mapping[str, Any], homes: list[str]) -> Mapping[str, Any]:
    """What comes back: homes that were directories come into a volume each.

    :param homes: the names of the homes that the copy has.
    """
    parts = {inside: host for inside, host in manifest["parts"].items() if inside != HOMES}
    return {**manifest, "parts": {**parts, **{f"{HOMES}/{name}": "" for name in homes}}}
