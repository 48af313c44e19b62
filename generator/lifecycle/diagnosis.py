"""What is wrong with a deployment, whatever state it is in: each look is made as far as those before it allow."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import TypeVar

from docker.models.containers import Container

from generator import topics
from generator.core.console import counted
from generator.core.errors import HomeroomError, SeveralErrors
from generator.core.finding import Finding, error, warning
from generator.core.paths import RENDERED, SITE
from generator.engine import services
from generator.engine.deployment import Deployment, load_settings
from generator.engine.find import Engine, find_engine
from generator.engine.health import health_of, last_words
from generator.engine.watched import Watched
from generator.lifecycle import checks, hub_config, render, smoke_test, timers
from generator.schema.settings import Settings
from generator.topics.copies import moved
from generator.topics.edge import edge
from generator.topics.watching import state
from generator.topics.watching.deadline import within

T = TypeVar("T")
LOOK_SECONDS = 90
"""For one topic's look at what runs: an engine that hangs must keep no round of the watchdog from ending."""
OFTEN = 3
"""So many restarts by the engine are worth a word: a service that ends again and again cuts people off."""


class Diagnosis:
    """Findings of one look after the other. A look that fails is a finding itself, and the rest goes on."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.looks: list[str] = []
        self.is_blind = False
        """Whether a look could not be made, so that what it would have found may be there all the same."""
        self.moved: HomeroomError | None = None
        """That this deployment moved to another server, and where to: all else that it lacks is as it should be."""

    def look(self, name: str, call: Callable[[], T], *, is_asking: bool = False) -> T | None:
        """What a look comes to; None where it found an error, which is kept.

        :param is_asking: of what is wrong: an error means that nobody could be asked.
        """
        if name not in self.looks:
            self.looks.append(name)
        try:
            return call()
        except HomeroomError as fault:
            self.is_blind = self.is_blind or is_asking
            self.take(_findings_of(name, fault))
        except Exception as failure:  # it must not keep the others from being made
            self.is_blind = True
            cause = f"could not be looked at ({type(failure).__name__}: {failure})"
            self.take([warning(name, cause, location=name, remedy="The looks after it were made all the same.")])
        return None

    def take(self, findings: Iterable[Finding] | None) -> None:
        """Keep what was found, each thing once."""
        known = {(each.location, each.cause) for each in self.findings}
        self.findings += [each for each in findings or () if (each.location, each.cause) not in known]

    @property
    def wrong(self) -> list[Finding]:
        """What is wrong, and after it what merely should be seen to: each in the order of the looks."""
        return sorted((each for each in self.findings if each.level != "ok"), key=lambda each: each.level != "error")


def diagnose() -> Diagnosis:
    """Look at settings, `site/`, machine, engine, services, and whether the hub can be used. Changes nothing."""
    found = Diagnosis()
    settings = found.look("settings", load_settings)
    if settings is None:
        return found
    files = found.look("site", lambda: render.rendered_files(settings, SITE))
    found.take(found.look("site", lambda: checks.check_site(settings)))
    engine = found.look("engine", lambda: find_engine(Path(settings.ENGINE_SOCKET)))
    if moved.read().state:
        _look_at_closed(settings, engine, found)
        return found
    found.take(found.look("machine", lambda: checks.check_machine(settings, engine)))
    found.take(found.look("timers", lambda: [*timers.findings(settings), *timers.failures(settings)]))
    if engine is None:
        return found
    here = Deployment(settings, engine)
    if found.look("services", lambda: _look_at_services(here, found)):
        found.look("the way in", lambda: require_usable(settings))
    if files is not None:
        found.take(found.look("configuration", lambda: _outdated(files)))
        found.look("configuration", lambda: hub_config.check_hub_if_built(here, files))
        found.look("configuration", lambda: edge.check(here, files))
        found.look("images", lambda: checks.check_images(here))
        found.look("engine", lambda: checks.check_engine(here))
        found.take(found.look("sign-in", lambda: checks.ask_counterparts(here)))
    look_at_what_is_watched(
        Watched(settings=settings, now=datetime.now().astimezone(), deployment=here, memory=state.read().memory), found
    )
    return found


def _look_at_closed(settings: Settings, engine: Engine | None, found: Diagnosis) -> None:
    """What is wrong with a deployment that moved: whether the move was ended, and people are told where to go."""
    found.moved = found.look("move", moved.told)
    if engine is not None:
        here = Deployment(settings, engine)
        wanted = [name for name in services.names(settings) if name in moved.OPEN]
        there = {name: one for name in wanted if (one := here.service(name))}  # none, once it is down for good
        found.look(
            "services", lambda: found.take([each for name, one in there.items() for each in faults_of(name, one)])
        )


def _findings_of(name: str, fault: HomeroomError) -> list[Finding]:
    several = fault.errors if isinstance(fault, SeveralErrors) else [fault]
    return [error(name, each.cause, location=each.location or "", remedy=each.remedy) for each in several]


def _look_at_services(deployment: Deployment, found: Diagnosis) -> bool:
    """See to each service; whether all are healthy."""
    containers = {name: deployment.service(name) for name in services.names(deployment.settings)}
    if not any(containers.values()):
        found.take([nothing_there(deployment)])
        return False
    faults = [fault for name, one in containers.items() for fault in faults_of(name, one)]
    found.take(faults)
    return not any(fault.level == "error" for fault in faults)


def nothing_there(deployment: Deployment) -> Finding:
    """What is told once, instead of once for each service."""
    cause = "nothing of this deployment is there"
    return error("services", cause, location=deployment.project, remedy="`make up` brings everything up.")


def faults_of(name: str, container: Container | None) -> Iterable[Finding]:
    """What is wrong with one service, with its last words."""
    if container is None:
        yield error("services", "is not there", location=name, remedy="`make up` brings it up.")
        return
    state, rest = container.attrs["State"], f"`make logs SERVICE={name}` shows the rest."
    if container.status != "running":
        cause = f"does not run: it ended with {state['ExitCode']}, and said last:\n{last_words(container)}"
        yield error("services", cause, location=name, remedy=f"`make up` starts it. {rest}")
    elif health_of(container) != "healthy":
        cause = f"is {health_of(container)}, and said last:\n{last_words(container)}"
        yield error("services", cause, location=name, remedy=f"{rest} `make up` tries again.")
    if state.get("OOMKilled"):
        remedy = f"Raise {name.upper()}_MEMORY in .env, then `make up`."
        yield warning("services", "was ended for want of memory", location=name, remedy=remedy)
    elif container.attrs["RestartCount"] >= OFTEN:
        cause = f"was started again by the engine {counted(container.attrs['RestartCount'], 'time')}"
        yield warning("services", cause, location=name, remedy=rest)


def require_usable(settings: Settings) -> None:
    """:raises HomeroomError: the hub cannot be reached, or be used, from outside."""
    if fault := smoke_test.port_fault(settings):
        raise fault
    list(smoke_test.answers(settings))


def look_at_what_is_watched(watched: Watched, found: Diagnosis) -> None:
    """What each topic sees of the running deployment. A look that hangs is left behind."""
    for part in topics.each("watch"):
        look = functools.partial(within, LOOK_SECONDS, functools.partial(_seen_by, part, watched))
        found.take(found.look(part.__name__.split(".")[-2], look, is_asking=True))
    found.is_blind = found.is_blind or bool(watched.away)


def _seen_by(part: ModuleType, watched: Watched) -> list[Finding]:
    return list(part.faults(watched))


def _outdated(files: dict[str, str]) -> list[Finding]:
    if render.is_current(files, RENDERED):
        return []
    cause = "something was changed there since the last `make up`, and does not count yet"
    return [warning("configuration", cause, location=".env, site/", remedy="`make up` takes it up.")]
