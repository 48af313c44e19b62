"""The hub comes and goes; nobody who works notices."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.person import Person
from tests.trial import Trial


def restarted_by_verb(trial: Trial) -> None:
    """`make restart`."""
    trial.make("restart")


def killed(trial: Trial) -> None:
    """The hub's process dies at once; the engine's restart policy brings it back."""
    hub = trial.container("hub")
    before = hub.attrs["State"]["StartedAt"]
    os.kill(hub.attrs["State"]["Pid"], signal.SIGKILL)  # an engine does not restart what its own `kill` stopped
    deadline = time.monotonic() + 60
    while trial.container("hub").attrs["State"]["StartedAt"] == before or not healthy(trial):
        assert time.monotonic() < deadline, "the hub did not come back in 60 s"
        time.sleep(0.2)


def upgraded(trial: Trial) -> None:
    """The hub's container is replaced, as a new image does it."""
    trial.compose("up", "--detach", "--force-recreate", "--wait", "hub")


def healthy(trial: Trial) -> bool:
    """Whether the hub's healthcheck passes."""
    return bool(trial.container("hub").attrs["State"]["Health"]["Status"] == "healthy")


@pytest.mark.parametrize("event", [restarted_by_verb, upgraded, killed])
def test_labs_kernels_and_websockets_live_on(trial: Trial, event: Callable[[Trial], None]) -> None:
    """A hub restart, upgrade or crash: same lab, same kernel, same open websocket, and the hub knows the lab again."""
    person = Person(trial, "admin")
    person.sign_in(trial.password)
    person.start_lab()
    lab = trial.lab("admin").id
    with person.kernel() as kernel:
        kernel.run("mark = 'before'")
        event(trial)
        assert kernel.run("print(mark)") == "before\n"
        assert trial.lab("admin").id == lab
        person.get("hub/home")
        assert person.api("GET", "users/admin").json()["servers"][""]["ready"]
        assert person.get("user/admin/lab").status_code == 200
