"""The hub goes and comes back under an open notebook."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from playwright.sync_api import Page

from tests.browser.journal import Journal
from tests.browser.pages import Home, sign_in
from tests.trial import Trial


def hub_answers(trial: Trial) -> bool:
    """Whether the hub answers now."""
    connection = http.client.HTTPConnection("127.0.0.1", trial.port, timeout=10)
    try:
        connection.request("GET", f"{trial.base_url}hub/api/")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def restarted(trial: Trial) -> None:
    """`make restart`."""
    trial.make("restart")


def killed(trial: Trial) -> None:
    """The hub's process dies at once; the engine's restart policy brings it back, which `docker kill` would not."""
    os.kill(trial.container("hub").attrs["State"]["Pid"], signal.SIGKILL)
    trial.compose("up", "--detach", "--no-recreate", "--wait", "hub")


@pytest.mark.parametrize("event", [restarted, killed])
def test_an_open_notebook_does_not_notice(
    trial: Trial, page: Page, journal: Journal, add_account: Callable[[str], str], event: Callable[[Trial], None]
) -> None:
    """The kernel keeps its variables, no websocket of the page closes, and cells run while there is no hub."""
    name = f"marie-{event.__name__}"
    lab = sign_in(page, trial, name, add_account(name)).new_notebook()
    lab.run("count = 0")
    opened = list(journal.opened)
    assert journal.kernel_websockets()
    assert not journal.closed

    ran_without_hub = 0
    cells = 0
    with ThreadPoolExecutor(1) as aside:
        back: Future[None] = aside.submit(event, trial)
        while not back.done():
            gone = not hub_answers(trial)
            cells += 1
            assert lab.run("count += 1; print(count)") == str(cells)
            ran_without_hub += gone and not hub_answers(trial)
        back.result()
    assert ran_without_hub
    assert lab.run("print('after', count)") == f"after {cells}"
    assert journal.opened == opened
    assert not journal.closed

    Home(page, trial).open().stop()  # the hub knows the lab again
