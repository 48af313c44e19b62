"""People who use either deployment without a browser, and what their waiting is measured by."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from bench.deployments import PATIENCE_SECONDS, Deployment
from tests.hub_deployment import HubDeployment
from tests.person import Person


def signed_in(deployment: Deployment, name: str) -> Person:
    """A user with a session at the hub; no lab is started."""
    person = Person(cast(HubDeployment, deployment), name)
    if deployment.authority:
        person.web.verify = deployment.authority
        person.web.trust_env = False  # else a bundle that the environment names would go before it
    answer = person.sign_in("any")
    if not answer.ok:
        raise RuntimeError(f"{name} cannot sign in at {deployment.name}: {answer.status_code}")
    return person


def all_signed_in(deployment: Deployment, names: Sequence[str]) -> list[Person]:
    """Several of them."""
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda name: signed_in(deployment, name), names))


def start(person: Person) -> float:
    """Ask for a lab; returns the seconds until the hub says that it is ready.

    :raises RuntimeError: it failed.
    """
    began = time.monotonic()
    answer = person.api("POST", f"users/{person.name}/server")
    if answer.status_code == 202:
        _follow(person)
    elif answer.status_code != 201:
        raise RuntimeError(f"the lab of {person.name} did not start: {answer.status_code} {answer.text}")
    return time.monotonic() - began


def _follow(person: Person) -> None:
    """Listen to what the waiting page listens to, until the lab is ready."""
    for event in person.progress():
        if event.get("ready"):
            return
        if event.get("failed"):
            raise RuntimeError(f"the lab of {person.name} did not start: {event.get('message')}")
    raise RuntimeError(f"the hub said no more of the lab of {person.name}")


def stop(person: Person) -> float:
    """Stop a lab; returns the seconds until it is gone."""
    began = time.monotonic()
    answer = person.api("DELETE", f"users/{person.name}/server")
    if answer.status_code not in (202, 204):
        raise RuntimeError(f"the lab of {person.name} did not stop: {answer.status_code} {answer.text}")
    while answer.status_code == 202 and person.api("GET", f"users/{person.name}").json()["servers"]:
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise RuntimeError(f"the lab of {person.name} did not stop")
        time.sleep(0.1)
    return time.monotonic() - began


def all_at_once(people: Sequence[Person], act: Callable[[Person], float]) -> float:
    """Have all do something at the same moment; returns the seconds until the last is done.

    :raises RuntimeError: one of them failed.
    """
    gate = threading.Barrier(len(people) + 1)

    def wait_and_act(person: Person) -> float:
        gate.wait()
        return act(person)

    with ThreadPoolExecutor(len(people)) as pool:
        doing = [pool.submit(wait_and_act, person) for person in people]
        gate.wait()
        began = time.monotonic()
        for each in doing:
            each.result()
        return time.monotonic() - began
