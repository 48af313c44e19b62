"""homeroom.hub.background: what the hub's process does beside its requests."""

from __future__ import annotations

import asyncio
import gc
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from homeroom.hub import background


def test_a_hub_that_has_started_is_not_looked_through_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the hub is made of is left out of Python's collections once it runs: each would keep everybody waiting. One
    that only prints something is left alone."""
    monkeypatch.setattr(background, "_start", AsyncMock())
    monkeypatch.setattr(background, "_wanted", [])
    printing: Any = SimpleNamespace(http_server=None)
    running: Any = SimpleNamespace(http_server=object())
    made = [[number] for number in range(10_000)]
    before = gc.get_freeze_count()
    asyncio.run(background._start_with_tasks(printing))
    assert gc.get_freeze_count() <= before
    asyncio.run(background._start_with_tasks(running))
    assert gc.get_freeze_count() >= before + len(made) // 2
