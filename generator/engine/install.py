"""Installing and starting a container engine: Docker from the distribution's packages, or the Podman that is there.

As root on Debian 12, Debian 13 and Ubuntu 24.04 or later. Debian 12's own Docker and Compose are too old, so there they
come from Debian 13, out of the host's own mirror, pinned so that no other package's candidate changes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from generator.core.console import step
from generator.core.errors import HomeroomError
from generator.core.host_network import read_apt_sources
from generator.core.process import Runner, run
from generator.engine import apt, install_plan
from generator.engine.apt import (
    SOURCE_ONLY,
    apt_environment,
    mend_dpkg,
    read_sources_as_root,
    run_apt,
    write_if_changed,
)
from generator.engine.find import (
    MINIMUM_ENGINE,
    ComposeMissing,
    Engine,
    EngineMissing,
    EngineStopped,
    buildx_works,
    compose_command,
    find_engine,
    version_tuple,
)
from generator.engine.install_plan import (
    InstallPlan,
    InstallPolicy,
    InstallRefused,
    Part,
    allow_install,
    plan_install,
    read_os_release,
    refusal,
)
from generator.engine.start import start_engine, start_podman


def install_packages(names: Sequence[str], title: str, *, runner: Runner = run) -> None:
    """Install packages of the host's own release, as root, under one step; the lists are fetched where they are old.

    :raises HomeroomError: apt failed.
    """
    carry_out(InstallPlan(tuple(names), origin=""), title, runner=runner)


def carry_out(plan: InstallPlan, title: str = "Installing the container engine", *, runner: Runner = run) -> None:
    """Do what the plan says. Safe to repeat and to interrupt.

    :raises HomeroomError: apt failed, with its E: lines.
    """
    with step(title) as shown:
        mend_dpkg(shown, runner=runner)
        # The pin goes first: interrupted in between, a source without its pin would offer all of trixie.
        if plan.pin:
            write_if_changed(install_plan.PIN_FILE, plan.pin)
        fresh = apt.lists_are_fresh()
        if not fresh:
            shown.say("fetching the package lists")
            run_apt(["update"], shown, runner=runner)
        if plan.source:
            write_if_changed(install_plan.SOURCE_FILE, plan.source)
            shown.say("fetching Debian 13's package list")
            run_apt([*SOURCE_ONLY, "update"], shown, runner=runner)
        install = ["install", "--no-install-recommends", *plan.packages]
        try:
            run_apt(install, shown, runner=runner)
        except HomeroomError:
            if not fresh:
                raise
            # Lists of this morning may name versions that the mirror has replaced since.
            run_apt(["update"], shown, runner=runner)
            run_apt(install, shown, runner=runner)
        shown.say("")


def installed_podman(*, runner: Runner = run) -> bool:
    """Whether a new enough Podman is installed."""
    if not shutil.which("podman"):
        return False
    done = runner(["podman", "--version"])
    return version_tuple(done.stdout.split()[-1] if done.stdout.split() else "") >= MINIMUM_ENGINE["podman"]


def installed_dockerd() -> bool:
    """Whether a Docker daemon is installed, also where /usr/sbin is not in PATH."""
    return shutil.which("dockerd", path=apt_environment()["PATH"]) is not None


def missing_parts(engine: Engine, *, runner: Runner = run) -> list[Part]:
    """What lacks around an engine that answers: Compose v2, and with Docker the client's buildx plugin."""
    lacking: list[Part] = []
    try:
        compose_command(engine, runner=runner)
    except ComposeMissing:
        lacking.append("compose")
    if engine.kind == "docker" and not buildx_works(engine, runner=runner):
        lacking.append("buildx")
    return lacking


def install_engine(
    socket: Path | None,
    policy: InstallPolicy,
    *,
    missing: Collection[Part] = ("engine", "compose", "buildx"),
    ask: Callable[[str], bool] | None = None,
    runner: Runner = run,
) -> Engine:
    """Install what is missing, start the engine and return it.

    :param ask: puts a yes-or-no question to the operator; None where there is no terminal.
    :raises InstallRefused: the setting, the operator or a lack of rights forbids it.
    :raises HomeroomError: apt failed, the daemon does not start, or this system is not one that we install on.
    """
    allowed = policy != "never" and os.geteuid() == 0
    sources = read_sources_as_root(runner=runner) if allowed else read_apt_sources(runner)
    try:
        plan = plan_install(read_os_release(), sources, missing=missing)
    except HomeroomError as unplanned:
        if allowed:
            raise
        # Not knowing how is no reason to hide that it would not be allowed.
        raise InstallRefused(refusal(policy), remedy=unplanned.remedy) from unplanned
    allow_install(plan, policy, ask)
    carry_out(plan, runner=runner)
    return start_engine(socket, runner=runner) if "engine" in missing else find_engine(socket)


def provide_engine(
    socket: Path | None,
    policy: InstallPolicy,
    *,
    ask: Callable[[str], bool] | None = None,
    runner: Runner = run,
) -> Engine:
    """The engine, with Compose and buildx: found, else started, else installed; changes nothing when all is there.

    :param ask: as `terminal_question` gives it.
    :raises HomeroomError: there is none to be had, each with what to do.
    """
    try:
        engine = find_engine(socket)
    except EngineMissing as problem:
        if installed_dockerd():
            if os.geteuid() != 0:
                raise EngineStopped(
                    "Docker is installed and not running, and only root can start it",
                    location=problem.location,
                    remedy="`sudo systemctl start docker` (or `sudo service docker start`).",
                ) from None
            engine = start_engine(socket, runner=runner)
        elif installed_podman(runner=runner):
            engine = start_podman(socket, runner=runner)
        else:
            engine = install_engine(socket, policy, ask=ask, runner=runner)
    if lacking := missing_parts(engine, runner=runner):
        engine = install_engine(socket, policy, missing=lacking, ask=ask, runner=runner)
        if lacking := missing_parts(engine, runner=runner):
            raise HomeroomError(
                f"{' and '.join(lacking)} is installed and does not work",
                remedy="See what `docker compose version` and `docker buildx version` say; a package with "
                "files missing is fixed by `apt-get install --reinstall`.",
            )
    return engine
