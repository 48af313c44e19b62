"""What each home takes of the disk, for `make status`: bounded in time, and kept for a while."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker.errors
import requests

from generator.core.atomic import write_atomically
from generator.core.console import counted
from generator.core.errors import HomeroomError
from generator.core.finding import in_units
from generator.core.labels import DEPLOYMENT_LABEL, SERVER_LABEL, USER_LABEL
from generator.schema.settings import Settings
from generator.topics.storage import homes

CACHE = "home-use.json"
FRESH_SECONDS = 600
LONGEST_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class HomeUse:
    """Bytes that each user's home takes (None: not counted in time), and how old that is.

    :param exams: the same of the homes of exams, by their volumes.
    """

    bytes_of: Mapping[str, int | None]
    exams: Mapping[str, int | None] = field(default_factory=dict)
    age_seconds: float = 0.0
    fault: str = ""

    @property
    def of_exams(self) -> str:
        """What homes of exams take besides, in words; empty where there are none."""
        if not self.exams:
            return ""
        known = [size for size in self.exams.values() if size is not None]
        return f"; besides, {counted(len(self.exams), 'home')} of exams with {in_units(sum(known))}"


def read(client: Any, settings: Settings, rendered: Path, now: float | None = None) -> HomeUse:
    """What homes take, measured now or less than FRESH_SECONDS ago.

    A measurement that takes too long, or fails, gives what was measured last, with its age and the reason.
    """
    now = time.time() if now is None else now
    kept = _kept(rendered / CACHE)
    if kept and 0 <= now - kept[0] < FRESH_SECONDS and kept[1] == settings.HOMES:
        return HomeUse(bytes_of=kept[2], exams=kept[3], age_seconds=now - kept[0])
    try:
        rows = volumes(client, settings)
        exams = sizes(rows, settings.COMPOSE_PROJECT_NAME, exams=True)
        found = directories(client, settings) if settings.HOMES else sizes(rows, settings.COMPOSE_PROJECT_NAME)
    except (HomeroomError, docker.errors.DockerException, requests.RequestException) as error:
        slow = isinstance(error, requests.Timeout)
        fault = f"not measured in {LONGEST_SECONDS} s" if slow else str(error).partition("\n")[0]
        same = kept if kept and kept[1] == settings.HOMES else None
        age_seconds = now - same[0] if same else 0.0
        return HomeUse(
            bytes_of=same[2] if same else {}, exams=same[3] if same else {}, age_seconds=age_seconds, fault=fault
        )
    values = {"at": now, "homes": settings.HOMES, "bytes": found, "exams": exams}
    with suppress(HomeroomError):  # a full disk is when it is wanted
        write_atomically(rendered / CACHE, json.dumps(values) + "\n", mode=0o600)
    return HomeUse(bytes_of=found, exams=exams)


def forget(rendered: Path) -> None:
    """Measure anew the next time: somebody is gone, whose name is not to be kept."""
    with suppress(OSError):
        (rendered / CACHE).unlink(missing_ok=True)


def _kept(path: Path) -> tuple[float, str, dict[str, int | None], dict[str, int | None]] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return float(data["at"]), str(data["homes"]), dict(data["bytes"]), dict(data["exams"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def directories(client: Any, settings: Settings) -> dict[str, int | None]:
    """Homes that are directories: quotas where there are some, else counted by a container of ours."""
    found = homes.run_verb(client, settings, "use", f"--seconds={LONGEST_SECONDS}")
    return {homes.person_of(name): size for name, size in found.items()}


def volumes(client: Any, settings: Settings) -> list[dict[str, Any]]:
    """The engine's volumes with what each takes, where a home is one: it counts them."""
    labels = [f"{DEPLOYMENT_LABEL}={settings.COMPOSE_PROJECT_NAME}", USER_LABEL]
    if settings.HOMES and not client.volumes.list(filters={"label": [*labels, SERVER_LABEL]}):
        return []
    api = client.api
    answer = api.get(f"{api.base_url}/v{api.api_version}/system/df", params={"type": "volume"}, timeout=LONGEST_SECONDS)
    answer.raise_for_status()
    return answer.json().get("Volumes") or []


def sizes(rows: list[dict[str, Any]], project: str, *, exams: bool = False) -> dict[str, int | None]:
    """The homes of a deployment among the engine's volumes, by people; or those of exams, by volumes."""
    found: dict[str, int | None] = {}
    for row in rows:
        labels = row.get("Labels") or {}
        if labels.get(DEPLOYMENT_LABEL) == project and labels.get(USER_LABEL) and (SERVER_LABEL in labels) == exams:
            size = (row.get("UsageData") or {}).get("Size", -1)
            found[row["Name"] if exams else labels[USER_LABEL]] = size if size >= 0 else None
    return found
