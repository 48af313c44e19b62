"""All checks of the machine, in one pass and without a change to it."""

from __future__ import annotations

import datetime
import functools
import getpass
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

from generator.core.finding import Finding, error, warning
from generator.engine.find import Engine, client
from generator.preflight import clock, names, sources
from generator.preflight.engine_state import EngineState, read_engine_state
from generator.preflight.requirements import Requirements
from generator.preflight.subject import Subject

NETWORK_SECONDS = 1.5
"""How long the checks over the network may take together; what has not answered by then is left out."""
T = TypeVar("T")


class Pending(Generic[T]):
    """A call that runs in the background. Its thread is a daemon: a resolver that hangs does not hold up the
    command."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._answer: queue.SimpleQueue[T] = queue.SimpleQueue()
        self._call = call
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        with suppress(Exception):  # A call that fails gives no answer, rather than a traceback among the steps.
            self._answer.put(self._call())

    def get(self, deadline: float, otherwise: T) -> T:
        """The answer, or `otherwise` where there is none at `deadline` (of `time.monotonic`) or the call failed."""
        try:
            return self._answer.get(timeout=max(0.001, deadline - time.monotonic()))
        except queue.Empty:
            return otherwise


def run_checks(found_engine: Engine | None, requirements: Requirements) -> list[Finding]:
    """Check the machine for one deployment and return everything found, errors included. Changes nothing.

    :param found_engine: what `generator.engine.find.find_engine` found; None checks what can be told
        without an engine, so that a full disk or a taken port is known before an engine is installed.
    """
    deadline = time.monotonic() + NETWORK_SECONDS
    network = _start_network_checks(deadline)
    engine_state, silent = _ask(found_engine, requirements.project)
    answering = found_engine if silent is None else None
    subject = Subject(requirements=requirements, engine=answering, engine_state=engine_state, user=_user())
    found = [] if silent is None else [silent]
    for check in checks():
        name = check.__name__.rpartition(".")[2]
        found += _guarded(name, functools.partial(check.check, subject))
    return found + _guarded("network", lambda: list(network(requirements.released)))


def checks() -> list[ModuleType]:
    """The files of this folder that have a `check`, in their order."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in ("__init__", "run"))
    found = [import_module(f"generator.preflight.{name}") for name in names]
    return sorted((one for one in found if hasattr(one, "check")), key=lambda one: one.ORDER)


def _ask(engine: Engine | None, project: str) -> tuple[EngineState | None, Finding | None]:
    """What the engine says of itself; or that it does not answer."""
    if engine is None:
        return None, None
    try:
        with closing(client(engine, timeout_seconds=20)) as speaking:
            return read_engine_state(speaking, engine.kind, project), None
    except Exception as failure:
        return None, _engine_silent(failure)


def _start_network_checks(deadline: float) -> Callable[[datetime.date], Iterator[Finding]]:
    """Send the questions now, beside the other checks; the function returned waits for the answers and judges them."""
    try:
        servers = sources.read_sources(os.environ)
    except Exception:  # An odd configuration of apt or pip is no reason not to start; those checks are left out.
        servers = sources.Sources(mirror=None, index=None, proxies={})
    mirror, proxies = servers.mirror, servers.proxies
    offset = Pending(functools.partial(clock.read_offset, mirror, proxies)) if mirror else None
    lookups = {host: Pending(functools.partial(names.resolve, host)) for host in names.hosts_to_resolve(servers)}

    def judge(released: datetime.date) -> Iterator[Finding]:
        seconds = offset.get(deadline, None) if offset else None
        yield from clock.judge_clock(datetime.datetime.now(datetime.UTC), released, seconds)
        late = f"no answer in {NETWORK_SECONDS:g} s"
        answers = {host: lookup.get(deadline, late) for host, lookup in lookups.items()}
        yield names.judge_names(answers, proxied=bool(proxies))

    return judge


def _guarded(name: str, check: Callable[[], list[Finding]]) -> list[Finding]:
    """A check that cannot be made must not keep a class from starting: it is a warning, with the reason."""
    try:
        return check()
    except Exception as failure:
        return [
            warning(
                name,
                f"could not be checked ({type(failure).__name__}: {failure})",
                location=f"preflight check {name}",
                remedy="Please report this; `make up` goes on without that check.",
            )
        ]


def _engine_silent(failure: Exception) -> Finding:
    return error(
        "engine",
        f"the container engine does not answer: {failure}",
        location="engine",
        remedy="See whether it runs with `docker info` (or `podman info`), and restart it with "
        "`sudo systemctl restart docker` (or `podman.socket`).",
    )


def _user() -> str:
    """This user's name, or number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
