"""The hub goes and comes back under an open notebook."""

from __future__ import annotations

import http.client
import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from playwright.sync_api import Page

from tests.browser.page_log import PageLog
from tests.browser.pages import Home, sign_in
from tests.hub_deployment import HubDeployment


def hub_answers(deployment: HubDeployment) -> bool:
    """Whether the hub answers now."""
    connection = http.client.HTTPConnection("127.0.0.1", deployment.port, timeout=60)
    try:
        connection.request("GET", f"{deployment.base_url}hub/api/")
        return connection.getresponse().status == 200
    finally:
        connection.close()


def restarted(deployment: HubDeployment) -> None:
    """`make restart`."""
    deployment.make("restart")


def killed(deployment: HubDeployment) -> None:
    """The hub's process dies at once; the engine's restart policy brings it back, which `docker kill` would not."""
    os.kill(deployment.container("hub").attrs["State"]["Pid"], signal.SIGKILL)
    deployment.compose("up", "--detach", "--no-recreate", "--wait", "hub")


@pytest.mark.parametrize("event", [restarted, killed])
def test_an_open_notebook_does_not_notice(
    deployment: HubDeployment,
    page: Page,
    page_log: PageLog,
    add_account: Callable[[str], str],
    event: Callable[[HubDeployment], None],
) -> None:
    """The kernel keeps its variables, no websocket of the page closes, and cells run while there is no hub."""
    name = f"marie-{event.__name__}"
    lab = sign_in(page, deployment, name, add_account(name)).new_notebook()
    lab.run("count = 0")
    opened = list(page_log.opened)
    assert page_log.kernel_websockets()
    assert not page_log.closed

    ran_without_hub = 0
    cells = 0
    with ThreadPoolExecutor(1) as aside:
        back: Future[None] = aside.submit(event, deployment)
        while not back.done():
            gone = not hub_answers(deployment)
            cells += 1
            assert lab.run("count += 1; print(count)") == str(cells)
            ran_without_hub += gone and not hub_answers(deployment)
        back.result()
    assert ran_without_hub
    assert lab.run("print('after', count)") == f"after {cells}"
    assert page_log.opened == opened
    assert not page_log.closed

    Home(page, deployment).open().stop()  # the hub knows the lab again
