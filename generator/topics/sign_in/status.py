"""Accounts, for `make status`."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

from generator.core.console import counted, note, quoted, warn
from generator.core.errors import HomeroomError
from generator.engine.glance import Glance, Show, nothing
from generator.topics.sign_in import accounts
from generator.topics.sign_in.ways import NATIVE

ORDER = 30


def ask(glance: Glance) -> Show:
    """How many accounts there are, and who waits for approval; nothing where the hub keeps none."""
    if not glance.hub_runs or NATIVE not in glance.deployment.settings.ways:
        return nothing
    answer = glance.pool.submit(accounts.ask_hub, glance.deployment, "summary")
    return lambda: _show(answer)


def _show(answer: Future[dict[str, Any]]) -> None:
    try:
        people = answer.result()
    except HomeroomError as error:
        warn(str(error))
        return
    waiting = people["waiting"]
    waits = f", {len(waiting)} waiting for approval: {', '.join(map(quoted, waiting[:10]))}" if waiting else ""
    note(f"\n[bold]{counted(people['accounts'], 'account')}[/bold]{waits}")
