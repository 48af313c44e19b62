"""What each home takes of the disk, for `make status`: bounded in time, and kept for a while."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors
import requests

from generator.core.atomic import write_atomically
from generator.core.errors import HomeroomError
from generator.core.labels import DEPLOYMENT_LABEL, SERVER_LABEL, USER_LABEL
from generator.schema.settings import Settings
from generator.topics.storage import homes

CACHE = "home-use.json"
FRESH_SECONDS = 600
LONGEST_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class HomeUse:
    """Bytes that each user's home takes (None: not counted in time), and how old that is."""

    bytes_of: Mapping[str, int | None]
    age_seconds: float = 0.0
    fault: str = ""


def read(client: Any, settings: Settings, rendered: Path, now: float | None = None) -> HomeUse:
    """What homes take, measured now or less than FRESH_SECONDS ago.

    A measurement that takes too long, or fails, gives what was measured last, with its age and the reason.
    """
    now = time.time() if now is None else now
    kept = _kept(rendered / CACHE)
    if kept and 0 <= now - kept[0] < FRESH_SECONDS and kept[1] == settings.HOMES:
        return HomeUse(bytes_of=kept[2], age_seconds=now - kept[0])
    try:
        found = directories(client, settings) if settings.HOMES else volumes(client, settings)
    except (HomeroomError, docker.errors.DockerException, requests.RequestException) as error:
        slow = isinstance(error, requests.Timeout)
        fault = f"not measured in {LONGEST_SECONDS} s" if slow else str(error).partition("\n")[0]
        same = kept if kept and kept[1] == settings.HOMES else None
        return HomeUse(bytes_of=same[2] if same else {}, age_seconds=now - same[0] if same else 0.0, fault=fault)
    write_atomically(rendered / CACHE, json.dumps({"at": now, "homes": settings.HOMES, "bytes": found}) + "\n")
    return HomeUse(bytes_of=found)


def _kept(path: Path) -> tuple[float, str, dict[str, int | None]] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return float(data["at"]), str(data["homes"]), dict(data["bytes"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def directories(client: Any, settings: Settings) -> dict[str, int | None]:
    """Homes that are directories: quotas where there are some, else counted by a container of ours."""
    found = homes.run_verb(client, settings, "use", f"--seconds={LONGEST_SECONDS}")
    return {homes.person_of(name): size for name, size in found.items()}


def volumes(client: Any, settings: Settings) -> dict[str, int | None]:
    """Homes that are volumes: the engine counts them."""
    api = client.api
    answer = api.get(f"{api.base_url}/v{api.api_version}/system/df", params={"type": "volume"}, timeout=LONGEST_SECONDS)
    answer.raise_for_status()
    return sizes(answer.json().get("Volumes") or [], settings.COMPOSE_PROJECT_NAME)


def sizes(rows: list[dict[str, Any]], project: str) -> dict[str, int | None]:
    """The homes of a deployment among the engine's volumes."""
    found: dict[str, int | None] = {}
    for row in rows:
        labels = row.get("Labels") or {}
        if labels.get(DEPLOYMENT_LABEL) == project and labels.get(USER_LABEL) and SERVER_LABEL not in labels:
            size = (row.get("UsageData") or {}).get("Size", -1)
            found[labels[USER_LABEL]] = size if size >= 0 else None
    return found
