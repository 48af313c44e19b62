"""All checks of the machine, in one pass and without a change to it."""

from __future__ import annotations

import datetime
import getpass
import os
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from generator.preflight import clock, deployment, directory, disk, engine, memory, names, port, sources, subnet, traps
from generator.preflight.facts import read_facts
from generator.preflight.finding import Finding, error, warning
from generator.preflight.wanted import Wanted

NETWORK_SECONDS = 1.5
"""How long the checks over the network may take together; what has not answered by then is left out."""
T = TypeVar("T")


class Pending(Generic[T]):
    """A call that runs in the background. Its thread is a daemon: a resolver that hangs holds nobody up."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._answer: queue.SimpleQueue[T] = queue.SimpleQueue()
        threading.Thread(target=lambda: self._answer.put(call()), daemon=True).start()

    def get(self, deadline: float, otherwise: T) -> T:
        """The answer, or `otherwise` where there is none at `deadline` (of `time.monotonic`)."""
        try:
            return self._answer.get(timeout=max(0.001, deadline - time.monotonic()))
        except queue.Empty:
            return otherwise


def run_checks(client: Any, wanted: Wanted, *, compose_version: str | None) -> list[Finding]:  # noqa: ANN401 - no types
    """Check the machine for one deployment and return everything found, errors included; changes nothing.

    :param client: a `docker.DockerClient` of the engine to use.
    :param compose_version: what `docker compose version --short` says, or None where there is no Compose.
    """
    deadline = time.monotonic() + NETWORK_SECONDS
    servers = sources.read_sources()
    offset = Pending(lambda: clock.read_offset(servers.mirror, servers.proxies) if servers.mirror else None)
    lookups = {host: Pending(lambda host=host: names.resolve(host)) for host in names.hosts_to_resolve(servers)}
    buildx = Pending(engine.buildx_version)

    found = _guarded("directory", lambda: directory.check_directory(wanted.directory, _user()))
    try:
        facts = read_facts(client, wanted.project)
    except Exception as failure:
        found.append(_engine_silent(failure))
    else:
        meminfo = memory.read_meminfo()
        swap = meminfo.get("SwapTotal", 0)
        plugin = buildx.get(time.monotonic() + 5, None)
        for name, check in (
            ("engine", lambda: list(engine.judge_versions(facts, compose_version, plugin))),
            ("limits", lambda: engine.check_limits(facts, swap)),
            ("traps", lambda: traps.check_traps(wanted, facts)),
            ("deployment", lambda: deployment.check_deployment(wanted, facts)),
            ("port", lambda: port.check_port(wanted, facts)),
            ("subnet", lambda: subnet.check_subnet(wanted, facts)),
            ("disk", lambda: disk.check_disk(facts, wanted.directory)),
            ("memory", lambda: memory.check_memory(wanted, facts, meminfo)),
        ):
            found += _guarded(name, check)

    now = datetime.datetime.now(datetime.UTC)
    found += clock.judge_clock(now, wanted.released, offset.get(deadline, None))
    late = f"no answer in {NETWORK_SECONDS:g} s"
    answers = {host: lookup.get(deadline, late) for host, lookup in lookups.items()}
    found.append(names.judge_names(answers, proxied=bool(servers.proxies)))
    return found


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
        remedy="See whether it runs with `docker info` (or `podman info`), and start it with "
        "`sudo systemctl start docker` (or `podman.socket`).",
    )


def _user() -> str:
    """This user's name, or number where it has no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


