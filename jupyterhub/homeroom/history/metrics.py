"""Metrics: what Prometheus is told of this hub beside JupyterHub's own figures. No metric or label names a person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from homeroom.history.sample import Disk, Sample
from homeroom.spawner.outcomes import MemoryKill, Outcome

LAST_COPY = Path("/srv/jupyterhub/last-copy.json")
"""Written by `make backup`, which the hub knows nothing else of."""
BUCKETS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)
REASONS = (
    *("timeout", "died", "memory", "full", "engine", "engine-away", "disk-full", "image-missing", "firewall", "home"),
    *("share-missing", "guard", "gpus-missing", "gpus-taken", "gpus-cap", "gpus-impossible", "error"),
)
"""Each is told from the hub's start on: of a counter that appears with 1 nobody sees that it rose."""
Value = tuple[str, str, float | None]
"""A gauge's name, what it is, and its value; None: not known, and so not told."""


class Metrics(Collector):
    """Counts what starts came to, and tells the last sample as it was taken: a scrape asks nobody.

    :param registry: where it is found by whoever scrapes.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY, last_copy: Path = LAST_COPY) -> None:
        self._last_copy = last_copy
        self._sample: Sample | None = None
        self._disk: Disk | None = None
        self._is_written = False
        self._waits = Histogram(
            "homeroom_queue_wait_seconds",
            "What labs that started had waited in the queues",
            buckets=BUCKETS,
            registry=registry,
        )
        self._starts = Histogram(
            "homeroom_start_seconds",
            "From asking for a lab until it answers, with the wait",
            buckets=BUCKETS,
            registry=registry,
        )
        self._failures = Counter(
            "homeroom_failed_starts", "Starts that ended without a lab", ["reason"], registry=registry
        )
        for reason in REASONS:
            self._failures.labels(reason=reason)
        self._kills = Counter("homeroom_memory_kills", "Labs that ran out of memory", registry=registry)
        registry.register(self)

    def count(self, outcome: Outcome | MemoryKill) -> None:
        """Count what a start came to."""
        if isinstance(outcome, MemoryKill):
            self._kills.inc()
        elif outcome.failure:
            self._failures.labels(reason=outcome.failure).inc()
        else:
            self._waits.observe(outcome.waited_seconds)
            self._starts.observe(outcome.took_seconds)

    def show(self, sample: Sample, disk: Disk | None, *, is_written: bool) -> None:
        """Tell this sample from now on.

        :param is_written: whether it could be added to the history.
        """
        self._sample, self._disk, self._is_written = sample, disk, is_written

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """What a scrape is told; before the first sample little."""
        for name, words, value in self._values():
            if value is not None:
                yield GaugeMetricFamily(f"homeroom_{name}", words, value=value)
        if self._sample:
            waits = {"memory": self._sample.waits_seconds, "gpus": self._sample.gpu_waits_seconds}
            waiting = GaugeMetricFamily("homeroom_queue_labs", "Labs that wait in a queue", labels=["queue"])
            longest = GaugeMetricFamily(
                "homeroom_queue_longest_wait_seconds", "How long the first in a queue has waited", labels=["queue"]
            )
            for queue, seconds in waits.items():
                waiting.add_metric([queue], len(seconds))
                longest.add_metric([queue], max(seconds, default=0.0))
            yield from (waiting, longest)

    def _values(self) -> Iterator[Value]:
        if self._sample:
            yield from _of_labs(self._sample)
            yield "history_written", "1 where the last sample could be added to the history", float(self._is_written)
        if self._disk:
            yield "disk_size_bytes", "The disk under the history, which is the engine's", float(self._disk.size_bytes)
            yield "disk_free_bytes", "What of that is free", float(self._disk.free_bytes)
        yield "copy_timestamp_seconds", "When the last copy was begun", self._copied_at()

    def _copied_at(self) -> float | None:
        with suppress(OSError, ValueError, KeyError, TypeError):
            return datetime.fromisoformat(json.loads(self._last_copy.read_text())["made_at"]).timestamp()
        return None


def _of_labs(sample: Sample) -> Iterator[Value]:
    room = sample.room
    yield "sample_timestamp_seconds", "When this was measured", sample.at
    yield "labs", "Labs that run", len(sample.labs)
    yield "people_active", "People whose labs were used in the last ten minutes", sample.people
    yield "places_free", "Labs of the default profile that still fit", room.places
    yield "memory_used_bytes", "What labs take", sample.memory_bytes
    yield "memory_reserved_bytes", "What labs may take", room.reserved_memory_bytes
    yield "memory_capacity_bytes", "What all labs together may take", room.memory_bytes
    yield "cpus_used", "CPUs that labs keep busy", sample.cpus
    yield "cpus_reserved", "CPUs that labs may use", room.reserved_cpus
    yield "cpus_capacity", "CPUs that all labs together may use", room.cpus
    yield "gpus", "GPUs, or slots of shared ones", room.gpus
    yield "gpus_free", "Those that no lab holds", room.free_gpus
