"""What a drill does in the directory beside: everything comes back, is brought up on no network, and is tried."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from docker.models.containers import Container

from generator.core import json_file
from generator.core.atomic import write_atomically
from generator.core.console import counted, step
from generator.core.errors import HomeroomError
from generator.core.labels import DEPLOYMENT_LABEL, USER_LABEL
from generator.core.paths import ROOT
from generator.core.process import indented, tail
from generator.engine.deployment import Deployment, open_deployment
from generator.lifecycle.build import build, image_specs
from generator.lifecycle.hub_config import render_checked
from generator.schema.settings import Settings
from generator.topics.copies import restore_all
from generator.topics.copies.copier import Copier
from generator.topics.copies.refusals import refusal
from generator.topics.copies.restore import Copy
from generator.topics.copies.sources import HOMES
from generator.topics.drill import beside, fitted
from generator.topics.drill.outcome import FILE, Outcome
from generator.topics.environments import site_images
from generator.topics.sign_in.ways import NATIVE
from generator.topics.storage import homes
from generator.topics.updates import images, rehearsal

MOST_TRIED = 20
"""Of so many people with homes one is looked for who may start a lab."""
KEPT_LINES = 12
UNTOUCHED = "Nothing of what runs was changed."
RUN_A_CELL = 'python=/opt/jupyter/bin/python; [ -x "$python" ] || python=python3; exec "$python" -c "$1"'


@dataclass
class Fit:
    """Makes a copy such that it comes back closed off; knows afterwards whose homes there were.

    :param name: the drill's deployment.
    """

    name: str
    whose: list[str] = field(default_factory=list)

    def __call__(self, here: Copier, copy: Copy, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
        """Change what was laid out of the copy, and return what is to come back."""
        text = restore_all.NEW_ENV.read_text(encoding="utf-8")
        write_atomically(restore_all.NEW_ENV, fitted.fit_env(text, self.name), mode=0o600)
        fitted.fit_site(restore_all.NEW_SITE)
        names = [one.rpartition("/")[2] for one in manifest["parts"] if one.startswith(f"{HOMES}/")]
        if HOMES in manifest["parts"]:
            names = homes_in(here, copy)
        self.whose = [homes.person_of(name) for name in names]
        return fitted.fit_manifest(manifest, names)


def homes_in(here: Copier, copy: Copy) -> list[str]:
    """The names of homes that were directories, as a copy has them.

    :raises HomeroomError: they cannot be read.
    """
    done = here.restic("ls", "--json", copy.name, HOMES)
    if done.returncode:
        raise refusal(done, here.target, doing="reading whose homes are in the copy")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    names = [one["name"] for one in found if one.get("type") == "dir" and one.get("path") == f"{HOMES}/{one['name']}"]
    return [name for name in names if not name.startswith(".")]


def try_beside(deployment: Deployment, of: str, copy: str) -> None:
    """Bring everything back into this deployment, and see that people can sign in and compute. Leaves what it came to
    in a file; what it has made on the engine is removed at the end.

    :param deployment: this directory's, which holds nothing.
    :param of: whose copies.
    :raises HomeroomError: something is not as it was, or does not work.
    """
    outcome = Outcome()
    with ending_with_who_waits():
        try:
            outcome = _try(deployment, of, copy)
        except HomeroomError as fault:
            outcome = Outcome(why=fault.cause)
            raise
        finally:
            json_file.write(ROOT / FILE, outcome)
            beside.remove(deployment.client, deployment.project)


@contextmanager
def ending_with_who_waits() -> Iterator[None]:
    """End as by Ctrl-C once nobody holds our standard input any more."""

    def wait() -> None:
        while os.read(sys.stdin.fileno(), 1024):  # without a lock that the end of this process would wait for
            pass
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    over = threading.Event()
    threading.Thread(target=wait, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _try(deployment: Deployment, of: str, copy: str) -> Outcome:
    fit = Fit(deployment.project)
    came = restore_all.bring_everything(deployment, of, copy, fit=fit)
    there = open_deployment()  # with the settings that came back
    names = [*(spec.name for spec in image_specs(there)), *site_images.own()]
    images.lend(there.client, of, names, to=there.project)
    build(there)
    render_checked(there)
    made = Outcome(
        is_well=True, copy_made_at=came.copy.made_at.astimezone().isoformat(), homes=came.homes, same=came.same
    )
    people = random.sample(fit.whose, min(MOST_TRIED, len(fit.whose)))
    with step("Bringing guard, proxy and hub up on what came back, and on no network") as shown:
        hub = rehearsal.start(there, shown.say)
        tested = ""
        if NATIVE in there.settings.ways:
            shown.say("signing a test person in")
            tested = rehearsal.sign_in(hub, there.settings)
        shown.say("healthy")
    with step("Starting somebody's lab, and running a cell in it") as shown:
        whose = _start_lab(hub, there.settings, [*people, *([tested] if tested else [])])
        shown.say(f"the lab of {whose} is ready")
        _run_a_cell(there, whose)
        whose = "the test person" if whose == tested else whose
        shown.say(f"in the lab of {whose}; {counted(came.homes, 'home')} came back")
    return replace(made, signed_in=bool(tested), whose=whose)


def _start_lab(hub: Container, settings: Settings, people: Sequence[str]) -> str:
    """Have the hub start a lab of one of these people; returns whose.

    :raises HomeroomError: none starts.
    """
    host = urlsplit(settings.public_url).netloc or "hub"
    done: Any = hub.exec_run(["python", "-m", "homeroom.drill.lab", settings.BASE_URL, host, *people])
    said = done.output.decode(errors="replace").strip()
    if done.exit_code:
        words = tail(hub.logs(tail=KEPT_LINES * 4).decode(errors="replace"), KEPT_LINES)
        raise HomeroomError(f"no lab starts on what came back: {said}{indented(words)}", remedy=UNTOUCHED)
    name: str = said.rpartition("\n")[2]
    return name


def _run_a_cell(deployment: Deployment, whose: str) -> None:
    """See that a kernel in somebody's lab computes.

    :raises HomeroomError: it does not.
    """
    labels = [f"{DEPLOYMENT_LABEL}={deployment.project}", f"{USER_LABEL}={whose}"]
    (lab,) = deployment.client.containers.list(filters={"label": labels})
    done: Any = lab.exec_run(["sh", "-c", RUN_A_CELL, "sh", rehearsal.COMPUTES])
    if done.exit_code:
        said = indented(tail(done.output.decode(errors="replace"), KEPT_LINES))
        raise HomeroomError(f"a kernel in the lab of {whose} does not compute:{said}", remedy=UNTOUCHED)
