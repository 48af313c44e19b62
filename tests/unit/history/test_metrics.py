"""What Prometheus is told, and who may read it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from homeroom.history.metrics import Metrics
from homeroom.history.page import is_right
from homeroom.history.sample import Room
from jupyterhub.metrics import EVENT_LOOP_INTERVAL_SECONDS, REQUEST_DURATION_SECONDS
from prometheus_client import CollectorRegistry, generate_latest

from generator.core.paths import ROOT
from generator.schema.settings import validation_faults
from tests.hub_config import loaded
from tests.sample_settings import TOKEN, settings
from tests.unit.history.samples import DISK, FAILED, KILL, NOW, READY, sample, use

MONITORING = ROOT / "docs/monitoring"


@pytest.fixture
def registry() -> CollectorRegistry:
    """What is scraped."""
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry, tmp_path: Path) -> Metrics:
    """What tells it."""
    return Metrics(registry, tmp_path / "last-copy.json")


def full(metrics: Metrics, tmp_path: Path) -> None:
    """Let everything be known."""
    room = Room(memory_bytes=2**33, cpus=8.0, reserved_memory_bytes=2**30, gpus=2, free_gpus=1, places=7)
    one = sample(use("ada"), people=1, waits_seconds=(90.0, 5.0), room=room, homes={"ada": 5})
    metrics.show(one, DISK, is_written=True)
    for outcome in (READY, FAILED, KILL):
        metrics.count(outcome)
    made_at = datetime.fromtimestamp(NOW, UTC).isoformat()
    (tmp_path / "last-copy.json").write_text(json.dumps({"made_at": made_at}))


def told(registry: CollectorRegistry) -> str:
    """What a scrape reads."""
    return generate_latest(registry).decode()


def test_what_is_told(registry: CollectorRegistry, metrics: Metrics, tmp_path: Path) -> None:
    """Labs, people, queue, room, disk, the last copy; what starts came to; and nobody's name."""
    full(metrics, tmp_path)
    text = told(registry)
    for line in (
        "homeroom_labs 1.0",
        "homeroom_people_active 1.0",
        "homeroom_places_free 7.0",
        'homeroom_queue_labs{queue="memory"} 2.0',
        'homeroom_queue_longest_wait_seconds{queue="memory"} 90.0',
        'homeroom_queue_labs{queue="gpus"} 0.0',
        "homeroom_gpus_free 1.0",
        "homeroom_cpus_used 0.5",
        "homeroom_disk_free_bytes 400.0",
        "homeroom_history_written 1.0",
        'homeroom_failed_starts_total{reason="timeout"} 1.0',
        "homeroom_memory_kills_total 1.0",
        "homeroom_start_seconds_count 1.0",
        "homeroom_queue_wait_seconds_sum 20.0",
    ):
        assert f"\n{line}\n" in text, line
    assert registry.get_sample_value("homeroom_copy_timestamp_seconds") == NOW
    assert "ada" not in text
    assert "biology" not in text


def test_what_is_not_known_is_not_told(registry: CollectorRegistry, metrics: Metrics) -> None:
    """Before the first sample, without limits, without a copy: no figure stands for none."""
    assert "homeroom_labs " not in told(registry)
    metrics.show(sample(), None, is_written=False)
    text = told(registry)
    for name in ("places_free", "memory_capacity_bytes", "cpus_capacity", "disk_free_bytes", "copy_timestamp_seconds"):
        assert f"homeroom_{name} " not in text
    assert "homeroom_history_written 0.0" in text


@pytest.mark.parametrize("content", ["", "{}", '{"made_at": ""}', '{"made_at": 7}', "[]"])
def test_a_note_of_a_copy_that_is_none(
    registry: CollectorRegistry, metrics: Metrics, tmp_path: Path, content: str
) -> None:
    """It hides nothing else."""
    full(metrics, tmp_path)
    (tmp_path / "last-copy.json").write_text(content)
    assert "homeroom_labs 1.0" in told(registry)
    assert "homeroom_copy_timestamp_seconds " not in told(registry)


@pytest.mark.parametrize(
    ("given", "token", "expected"),
    [
        ([f"Bearer {TOKEN}"], TOKEN, True),
        ([f"bearer  {TOKEN}"], TOKEN, True),
        ([], TOKEN, False),
        ([TOKEN], TOKEN, False),
        ([f"Basic {TOKEN}"], TOKEN, False),
        ([f"Bearer {TOKEN}x"], TOKEN, False),
        ([f"Bearer {TOKEN}", f"Bearer {TOKEN}"], TOKEN, False),
        (["Bearer \xff"], TOKEN, False),
        (["Bearer "], "", False),
        ([], "", False),
    ],
)
def test_only_the_token_opens_it(given: list[str], token: str, expected: bool) -> None:
    """As a bearer's, once; without a token in `.env` nothing does."""
    assert is_right(given, token) is expected


def test_it_is_there_only_where_it_is_wanted(tmp_path: Path) -> None:
    """METRICS=off has no such page; the token is in no rendered file."""
    pattern = "/homeroom/metrics"
    assert pattern not in [one[0] for one in loaded(tmp_path / "off").JupyterHub.extra_handlers]
    config = loaded(tmp_path / "on", METRICS="on", METRICS_TOKEN=TOKEN[::-1])
    assert pattern in [one[0] for one in config.JupyterHub.extra_handlers]
    assert not [path for path in (tmp_path / "on").rglob("*") if path.is_file() and TOKEN[::-1] in path.read_text()]


def test_metrics_without_a_token_are_a_fault() -> None:
    """It is told before anything is changed."""
    ((name, cause, remedy),) = settings(METRICS="on").all_cross_checks()
    assert (name, "openssl rand" in remedy, "is not set" in cause) == ("METRICS_TOKEN", True, True)
    _, faults = validation_faults({"CONFIGPROXY_AUTH_TOKEN": TOKEN, "METRICS": "on", "METRICS_TOKEN": "short"})
    assert [name for name, _ in faults] == ["METRICS_TOKEN"]


def test_the_first_starts_that_fail_are_seen_to_rise(registry: CollectorRegistry, metrics: Metrics) -> None:
    """An alert looks at how much a counter rose: each stands at 0 before, whatever the reason."""
    assert 'homeroom_failed_starts_total{reason="disk-full"} 0.0' in told(registry)
    assert "homeroom_memory_kills_total 0.0" in told(registry)
    for _ in range(3):
        metrics.count(FAILED)
    assert 'homeroom_failed_starts_total{reason="timeout"} 3.0' in told(registry)


def test_alerts_and_dashboard_ask_for_what_is_told(
    registry: CollectorRegistry, metrics: Metrics, tmp_path: Path
) -> None:
    """Every figure that they name is one of this hub's, or of JupyterHub's."""
    full(metrics, tmp_path)
    known = set(re.findall(r"^(homeroom_\w+)", told(registry), re.MULTILINE))
    families = (REQUEST_DURATION_SECONDS, EVENT_LOOP_INTERVAL_SECONDS)
    known |= {f"{found.name}_{part}" for one in families for found in one.collect() for part in ("bucket", "count")}
    for name in ("alerts.yml", "dashboard.json"):
        asked = set(re.findall(r"\b(?:homeroom|jupyterhub)_\w+", (MONITORING / name).read_text()))
        assert asked
        assert asked <= known, asked - known
