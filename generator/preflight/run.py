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
from typing import Generic, TypeVar

from generator.core.finding import Finding, error, warning
from generator.engine.find import Engine, client
from generator.preflight import (
    clock,
    deployment,
    directory,
    disk,
    engine,
    firewall,
    memory,
    names,
    podman,
    port,
    sources,
    subnet,
    traps,
)
from generator.preflight.facts import EngineFacts, read_facts
from generator.preflight.wanted import Wanted

NETWORK_SECONDS = 1.5
"""How long the checks over the network may take together; what has not answered by then is left out."""
T = TypeVar("T")


class Pending(Generic[T]):
    """A call that runs in the background. Its thread is a daemon: a resolver that hangs holds nobody up."""

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


def run_checks(found_engine: Engine | None, wanted: Wanted) -> list[Finding]:
    """Check the machine for one deployment and return everything found, errors included. Changes nothing.

    :param found_engine: what `generator.engine.find.find_engine` found; None checks what can be told
        without an engine, so that a full disk or a taken port is known before an engine is installed.
    """
    deadline = time.monotonic() + NETWORK_SECONDS
    network = _start_network_checks(deadline)
    found = _guarded("directory", lambda: directory.check_directory(wanted.directory, _user()))
    if found_engine is None:
        found += _check_machine(None, wanted)
    else:
        try:
            with closing(client(found_engine, timeout_seconds=20)) as speaking:
                facts = read_facts(speaking, found_engine.kind, wanted.project)
        except Exception as failure:
            found += [_engine_silent(failure), *_check_machine(None, wanted)]
        else:
            found += _guarded("engine", lambda: engine.check_tools(found_engine))
            found += _guarded("podman", lambda: podman.check_podman(found_engine))
            found += _check_engine(facts, wanted)
            found += _check_machine(facts, wanted)
    return found + _guarded("network", lambda: list(network(wanted.released)))


def _check_engine(facts: EngineFacts, wanted: Wanted) -> list[Finding]:
    """What only an engine can tell."""
    swap = memory.read_meminfo().get("SwapTotal", 0)
    return [
        *_guarded("limits", lambda: engine.check_limits(facts, swap)),
        *_guarded("traps", lambda: traps.check_traps(wanted, facts)),
        *_guarded("firewall", lambda: firewall.check_firewall(wanted, facts)),
        *_guarded("deployment", lambda: deployment.check_deployment(wanted, facts)),
    ]


def _check_machine(facts: EngineFacts | None, wanted: Wanted) -> list[Finding]:
    """What the machine tells, more exactly with an engine's help."""
    return [
        *_guarded("port", lambda: port.check_port(wanted, facts)),
        *_guarded("subnet", lambda: subnet.check_subnet(wanted, facts)),
        *_guarded("disk", lambda: disk.check_disk(facts, wanted.directory)),
        *_guarded("memory", lambda: memory.check_memory(wanted, facts, memory.read_meminfo())),
    ]


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
                place=f"preflight check {name}",
                remedy="Please report this; `make up` goes on without that check.",
            )
        ]


def _engine_silent(failure: Exception) -> Finding:
    return error(
        "engine",
        f"the container engine does not answer: {failure}",
        place="engine",
        remedy="See whether it runs with `docker info` (or `podman info`), and restart it with "
        "`sudo systemctl restart docker` (or `podman.socket`).",
    )


def _user() -> str:
    """This user's name, or number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
