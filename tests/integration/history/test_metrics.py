"""Figures for Prometheus, from a hub as a process: who may read them, and whose name is in them."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from tests.faults import until
from tests.hub_process import HubProcess, hub_process
from tests.sample_settings import TOKEN
from tests.visitor import Visitor

PAGE = "/hub/homeroom/metrics"
NAME = "somebody-by-name"
MORE = """
import os
from homeroom.history import recorder
os.environ["METRICS_TOKEN"] = "{token}"
recorder.FIRST_SECONDS = 0.0
recorder.INTERVAL_SECONDS = 1.0
c.History.path = "{directory}/history.sqlite"
c.JupyterHub.named_server_limit_per_user = 0
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that lets Prometheus read, and measures at once."""
    directory = tmp_path_factory.mktemp("hub")
    values = {"AUTH": "dummy", "HUB_IP": "127.0.0.1", "METRICS": "on", "METRICS_TOKEN": TOKEN}
    with hub_process(directory, directory / "site", values, MORE.format(token=TOKEN, directory=directory)) as running:
        yield running


def asked(hub: HubProcess, path: str, **headers: str) -> tuple[int, str]:
    """The status of a page, and what it says."""
    request = urllib.request.Request(f"{hub.url}{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read().decode()


def test_figures_are_read_with_the_token_alone(hub: HubProcess) -> None:
    """Strangers, people who are signed in, and a token of something else read none, here and on JupyterHub's page."""
    somebody = Visitor(hub.url)
    assert somebody.sign_in(NAME, "")[0] == 302
    for path in (PAGE, "/hub/metrics", "/hub/api/metrics"):
        for refused in (
            asked(hub, path),
            asked(hub, path, Authorization=f"Bearer {TOKEN[::-1]}"),
            asked(hub, f"{path}?token={TOKEN}"),
            (somebody.ask(path)[0], somebody.ask(path)[2]),
        ):
            assert refused[0] in (401, 403), path
            assert "jupyterhub_" not in refused[1]
            assert "homeroom_" not in refused[1]
    assert asked(hub, "/hub/metrics", Authorization=f"Bearer {TOKEN}")[0] == 403, "it opens one page alone"


def test_figures_name_nobody(hub: HubProcess) -> None:
    """JupyterHub's and Homeroom's, with nobody's name among them, also of people who have just signed in."""
    assert Visitor(hub.url).sign_in(NAME, "")[0] == 302
    status, text = asked(hub, PAGE, Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert "jupyterhub_total_users" in text
    assert "homeroom_failed_starts_total" in text
    assert NAME not in text


def test_the_day_is_shown_to_administrators_alone(hub: HubProcess) -> None:
    """Strangers are sent to sign in, people are refused, and an administrator sees the charts of today."""
    stranger, somebody, admin = (Visitor(hub.url) for _ in range(3))
    assert stranger.ask("/hub/homeroom/day")[0] == 302
    assert somebody.sign_in(NAME, "")[0] == 302
    assert somebody.ask("/hub/homeroom/day")[0] == 403
    assert admin.sign_in("admin", "")[0] == 302
    assert "/hub/homeroom/day" in admin.ask("/hub/admin")[2]
    until(lambda: "<svg" in admin.ask("/hub/homeroom/day")[2], "a minute of today is in the history")
    assert NAME not in admin.ask("/hub/homeroom/day")[2]
