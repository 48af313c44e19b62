"""The deployment in which robots rehearse something: how it comes up, what they are told, and where their labs are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from docker.models.containers import Container

from generator.core.console import step
from generator.core.errors import HomeroomError
from generator.core.labels import DEPLOYMENT_LABEL, SERVER_LABEL
from generator.core.process import indented, tail
from generator.engine.deployment import Deployment
from generator.lifecycle.build import build, image_specs
from generator.lifecycle.hub_config import render_checked
from generator.topics.environments import site_images
from generator.topics.updates import images, rehearsal

LOOK_SECONDS = 0.5
KEPT_LINES = 12
UNTOUCHED = "Nothing of what runs was changed. People would meet the same."


class Beside:
    """A deployment beside, which runs.

    :param there: that deployment.
    """

    def __init__(self, there: Deployment, hub: Container) -> None:
        self.there, self.hub = there, hub

    def have_robots(self, do: str, module: str, *words: str) -> Any:
        """Have robots do something; what came of it.

        :param do: it, in words.
        :raises HomeroomError: they could not.
        """
        command = ["python", "-m", module, self.there.settings.BASE_URL, *words]
        done: Any = self.hub.exec_run(command, demux=True)
        said, wrong = (part.decode(errors="replace") if part else "" for part in done.output)
        if done.exit_code:
            raise self.fault(f"the robots could not {do}:{indented(tail(wrong or said, KEPT_LINES))}")
        return json.loads(said.strip().rpartition("\n")[2])

    def all_labs(self) -> list[Container]:
        """The labs that run."""
        labels = [f"{DEPLOYMENT_LABEL}={self.there.project}", SERVER_LABEL]
        found: list[Container] = self.there.client.containers.list(filters={"label": labels}, ignore_removed=True)
        return found

    def in_lab(self, lab: Container, *command: str) -> tuple[int, str]:
        """Run a command in a lab, as its person does in a terminal: exit code, and what it said."""
        done: Any = lab.exec_run(list(command))
        return int(done.exit_code), str(done.output.decode(errors="replace"))

    def until(self, holds: Callable[[], Any], what: str, seconds: float) -> Any:
        """Wait until something holds. :raises HomeroomError: it does not in time."""
        deadline = time.monotonic() + seconds
        while not (found := holds()):
            if time.monotonic() > deadline:
                raise self.fault(f"not within {seconds:.0f} seconds: {what}")
            time.sleep(LOOK_SECONDS)
        return found

    def fault(self, cause: str) -> HomeroomError:
        """What is told where something fails, with the end of the hub's log."""
        log = self.hub.logs(tail=KEPT_LINES).decode(errors="replace")
        return HomeroomError(f"{cause}\n  The hub's log ends with:{indented(tail(log, KEPT_LINES))}", remedy=UNTOUCHED)


def bring_up(there: Deployment, of: str) -> Container:
    """Bring guard, proxy, desk and hub up, on no network, with another deployment's images; returns the hub.

    :raises HomeroomError: one of them is not well.
    """
    names = [*(spec.name for spec in image_specs(there)), *site_images.own()]
    images.lend(there.client, of, names, to=there.project)
    build(there)
    render_checked(there)
    with timed("Bringing guard, proxy, desk and hub up beside, on no network"):
        return rehearsal.start(there, lambda _: None, desk=True)


@contextmanager
def timed(title: str) -> Iterator[Callable[[str], None]]:
    """A step that says how long it took."""
    began = time.monotonic()
    said = [""]
    with step(title) as shown:
        yield lambda words: said.__setitem__(0, f"; {words}")
        shown.say(f"{time.monotonic() - began:.0f} s{said[0]}")
