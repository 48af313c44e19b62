"""`make up`: from whatever there is to a running deployment."""

from __future__ import annotations

from pathlib import Path

from generator.core.console import fail, note, step, warn
from generator.core.errors import HomeroomError
from generator.core.paths import ENV_FILE, ROOT, SITE
from generator.engine.address import address
from generator.engine.deployment import Deployment, ensure_engine, load_settings
from generator.engine.find import EngineMissing, find_engine
from generator.lifecycle import moved_labs, render, smoke_test, timers
from generator.lifecycle.build import build
from generator.lifecycle.checks import ask_counterparts, check_engine, check_machine, check_site
from generator.lifecycle.hub_config import render_checked
from generator.lifecycle.init import init
from generator.lifecycle.services import bring_up
from generator.topics.copies import freeze, moved
from generator.topics.copies import render as copies
from generator.topics.drill import drill
from generator.topics.edge import edge
from generator.topics.edge.status import describe_authority
from generator.topics.environments import kernels
from generator.topics.handouts import given, handouts, places, state
from generator.topics.rehearsal import rehearsal
from generator.topics.sign_in import accounts
from generator.topics.sign_in.ways import DUMMY, NATIVE
from generator.topics.storage import storage
from generator.topics.updates import record, steps
from generator.topics.updates.refreshed import machine_of


def prepare_storage(deployment: Deployment) -> None:
    """Make the folders of handouts and the volumes of shares, and put homes under their limits, where that is asked
    for.

    :raises HomeroomError: the file system keeps no limits.
    """
    known = handouts.load(deployment.settings, SITE)
    places.make(handouts.all_audiences(known))
    given.tell_hub(known, state.read(places.FOLDER))
    disk = storage.load(deployment.settings, SITE, ROOT)
    if not disk.asks_for_something:
        return
    with step("Preparing shares and homes") as shown:
        shown.say(", ".join(storage.prepare(deployment.client, disk)) or "up to date")


def up(*, within_update: bool = False) -> None:
    """From whatever there is to a running, checked deployment; what is right already is left alone. An update that was
    cut off is completed or undone first.

    :param within_update: an update calls, and waits.
    """
    moved.require_here()
    if record.is_due(record.FOLDER):
        steps.before_up(machine_of(ensure_engine(load_settings())), within_update=within_update)
    if init():
        note(f"Wrote {ENV_FILE.name} (mode 0600) with generated secrets, and site/ for what is yours.")
    settings = load_settings()
    render.rendered_files(settings, SITE)  # a slip in site/ is told before anything else is done
    odd = check_site(settings)
    try:
        engine = find_engine(Path(settings.ENGINE_SOCKET))
    except EngineMissing:
        engine = None
    with step("Checking the machine") as shown:
        findings = check_machine(settings, engine)
        shown.say(engine.title if engine else "no container engine yet")
    deployment = ensure_engine(settings)
    if engine is None:
        with step("Checking the machine, with its engine") as shown:
            findings = check_machine(settings, deployment.engine)
            shown.say(deployment.engine.title)
    for finding in [*findings, *odd]:
        if finding.level == "warn":
            warn(f"{finding.location}: {finding.cause}\n  {finding.remedy}")
    check_engine(deployment)
    drill.clear_leftovers(deployment)
    freeze.free_forgotten(deployment)
    rehearsal.clear_leftovers(deployment)
    build(deployment)
    edge.check(deployment, render.rendered_files(settings, SITE))
    prepare_storage(deployment)
    copies.prepare(settings)
    render_checked(deployment)
    moved_labs.tell(deployment)
    bring_up(deployment)
    edge.take_up(deployment)
    password = accounts.ensure_admin(deployment)
    smoke_test.run(deployment.settings)
    steps.after_up(machine_of(deployment), within_update=within_update)
    timers.take_up(deployment.settings)
    for finding in ask_counterparts(deployment):
        if finding.level != "ok":
            warn(f"{finding.location}: {finding.cause}\n  {finding.remedy}")
    finish(deployment, password)


def finish(deployment: Deployment, password: str | None) -> None:
    """Build the kernels for everyone, and say where the running deployment is.

    A kernel that cannot be built does not keep users from their labs: it is told first, the address and the password
    after it, and the command ends with the error's exit code.
    """
    failed: HomeroomError | None = None
    try:
        kernels.build(deployment)
    except HomeroomError as error:
        failed = error
        fail(error)
    finally:  # also after Ctrl-C: the password is shown this once
        _greet(deployment, password, "" if failed is None else ", but for the kernels told above")
    if failed is not None:
        raise SystemExit(failed.exit_code)


def _greet(deployment: Deployment, password: str | None, exception: str) -> None:
    settings = deployment.settings
    note(f"\n[bold]Homeroom is up{exception}:[/bold] {address(settings)}")
    if authority := edge.authority(deployment):
        note(f"{describe_authority(settings, authority)}\n{authority}")
    if DUMMY in settings.ways:
        note("For a trial on this machine only: any name, no password.")
        return
    if NATIVE in settings.ways:
        note(f"Administrator:  [bold]{settings.JUPYTERHUB_ADMIN}[/bold]")
    else:
        note("Administrators: whom `admins` in site/people.yaml names, or a way's own rule (docs/sign-in/index.md)")
    if password:
        note(f"Password:       [bold]{password}[/bold]   (shown this once; `make password` makes a new one)")
    if settings.TLS == "off" and not settings.HUB_IP.startswith("127."):
        warn("Passwords travel unencrypted over plain HTTP. Set HUB_HOST and TLS: docs/tls.md shows how.")
    elif settings.HUB_HOST and settings.TLS != "off" and not settings.labs_host:
        warn(
            "A page that a lab serves can act on the hub as the person who looks at it. Give labs a name of their own: "
            "LABS_HOST, docs/tls.md."
        )
