"""The verbs. Each is also a Make target."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from generator import console
from generator.errors import HomeroomError
from generator.paths import ROOT
from generator.turn import alone

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Homeroom: JupyterHub for one class.",
)
INTERRUPTED = 130
"""What shells give a command that Ctrl-C ended; typer turns a KeyboardInterrupt into an exit with it."""

Service = Annotated[str, typer.Argument(help="guard, firewall, proxy or hub; all of them where none is named.")]


def _known(service: str) -> str:
    from generator.deployment import SERVICES

    if service and service not in SERVICES:
        raise HomeroomError(f"there is no service {service}", place="SERVICE", remedy=f"One of {', '.join(SERVICES)}.")
    return service


@app.command()
def init() -> None:
    """Write .env and site/ where they are not there yet."""
    from generator import deployment

    written = deployment.init()
    console.note("Wrote .env (mode 0600) and site/." if written else ".env is there already: left alone.")


@app.command()
def check() -> None:
    """Check settings, site/ and machine; change nothing."""
    from generator import deployment, kernels, render, site_images
    from generator.paths import SITE

    here = deployment.existing()
    texts = render.texts(here.settings, SITE)
    kernels.read(SITE)
    site_images.own(SITE)
    console.note("[green]✓[/green] .env and site/ can be read")
    for finding in [*deployment.check_machine(here.settings, here.engine), *deployment.check_site(here.settings)]:
        mark = "[green]✓[/green]" if finding.level == "ok" else "[yellow]![/yellow]"
        place = f"{finding.place}: " if finding.place else ""
        console.note(
            f"{mark} {finding.name}: {place}{finding.cause}" + (f"\n  {finding.remedy}" if finding.remedy else "")
        )
    deployment.check_images(here)
    deployment.check_locale(here)
    deployment.check_gpus(here)
    if deployment.check_hub_if_built(here, texts):
        console.note("[green]✓[/green] the hub's configuration loads")


@app.command()
def render() -> None:
    """Write the files in rendered/ from .env and site/."""
    from generator import deployment, render
    from generator.paths import RENDERED, SITE

    with alone(ROOT):
        settings = deployment.load()
        texts = render.texts(settings, SITE)
        deployment.check_where_possible(settings, texts)
        changed = render.write(texts, RENDERED)
    console.note(f"Changed: {', '.join(changed)}." if changed else "rendered/ is up to date.")


@app.command()
def build() -> None:
    """Build the images anew."""
    from generator import deployment

    with alone(ROOT):
        deployment.build(deployment.existing(), rebuild=True)


@app.command()
def kernels() -> None:
    """Build the kernels of site/kernels/ for every lab, also the running ones."""
    from generator import deployment, kernels

    for finding in kernels.unread():
        console.warn(f"{finding.place}: {finding.cause}. {finding.remedy}")
    with alone(ROOT):
        kernels.build(deployment.existing(), always=True)
    kernels.announce()


@app.command()
def up() -> None:
    """Bring everything up, from whatever there is; safe to repeat."""
    from generator import deployment

    with alone(ROOT):
        deployment.up()


@app.command()
def down() -> None:
    """Stop labs and services; homes and accounts stay."""
    from generator import deployment

    with alone(ROOT):
        deployment.down()


@app.command()
def restart() -> None:
    """Restart the hub with what changed in site/; labs go on."""
    from generator import deployment

    with alone(ROOT):
        deployment.restart()


@app.command()
def logs(service: Service = "") -> None:
    """Follow the services' logs; Ctrl-C ends it."""
    from generator import deployment

    names = [name] if (name := _known(service)) else []
    here = deployment.existing()
    deployment.require(here, *names)
    with contextlib.suppress(KeyboardInterrupt):  # it has no other end
        here.compose("logs", "--follow", "--tail=100", *names, capture=False, check=False)


@app.command()
def status() -> None:
    """Show services, labs, people, memory and disk."""
    from generator import deployment, status

    status.show(deployment.existing())


@app.command()
def gpus() -> None:
    """Show the machine's GPUs, and write them as a proposal for site/gpus.yaml."""
    from generator import deployment, gpu_host, gpus
    from generator.atomic import write_atomically
    from generator.paths import SITE

    here = deployment.existing()
    info = here.client.info()
    found = gpu_host.read_host(cdi_directories=gpu_host.cdi_directories(info))
    for gpu in found:
        console.note(f"{gpu.id}  {gpu.label}")
    access = gpus.access_of(here.engine.kind, info, found)
    for fault in gpus.access_faults(access, here.engine.kind, info) if found else ():
        console.warn(str(fault))
    write_atomically(SITE / gpus.PROPOSAL, gpus.proposal(found, access))
    next_step = (
        f"Copy it to site/{gpus.GPUS}, edit that, and run `make up`." if found else "There is no GPU to be seen."
    )
    console.note(f"Wrote site/{gpus.PROPOSAL}. {next_step}")


@app.command()
def shell(service: Service = "hub") -> None:
    """Open a shell in a service's container."""
    from generator import deployment

    name = _known(service) or "hub"
    here = deployment.existing()
    deployment.require(here, name, running=True)
    here.compose("exec", name, "bash", capture=False, check=False)


@app.command()
def password(name: Annotated[str, typer.Argument(help="Whose; the administrator's where none is named.")] = "") -> None:
    """Give a person a new password and show it once."""
    from generator import accounts, deployment
    from generator.settings import known_as

    here = deployment.existing()
    name = known_as(name) or here.settings.JUPYTERHUB_ADMIN
    fresh = accounts.reset_password(here, name)
    console.note(f"New password of [bold]{name}[/bold]: [bold]{fresh}[/bold]")


@app.command()
def account(
    name: Annotated[str, typer.Argument(help="The name of the person.")] = "",
    file: Annotated[str, typer.Option(help="A list of people: a name a line, or a table.")] = "",
    sheet: Annotated[str, typer.Option(help="Where to write the passwords, instead of showing them.")] = "",
) -> None:
    """Make approved accounts, with passwords that are shown once."""
    from pathlib import Path

    from generator import accounts, class_list, deployment, password_sheet
    from generator.settings import known_as

    if bool(name) == bool(file):
        raise HomeroomError(
            "whose account is it?",
            place="NAME",
            remedy="Run `make account NAME=ada`, or `make account FILE=class.csv`.",
        )
    names = class_list.read(Path(file)) if file else [known_as(name)]
    with password_sheet.opened(Path(sheet)) if sheet else contextlib.nullcontext() as written:
        made, existing = accounts.add(deployment.existing(), names)
        if written:
            password_sheet.fill(written, made)
    if existing and not file:
        remedy = f"`make password NAME={names[0]}` gives a new password."
        raise HomeroomError(f"{names[0]} has an account already", place="NAME", remedy=remedy)
    if existing:
        console.note(f"{console.counted(len(existing), 'account')} there already, left alone: {', '.join(existing)}")
    if not file and not sheet:
        console.note(f"Account of [bold]{names[0]}[/bold], password: [bold]{made[names[0]]}[/bold]   (shown this once)")
    elif sheet:
        console.note(f"Made {console.counted(len(made), 'account')}; the passwords are in {sheet}, for you alone.")
    elif made:
        console.note(password_sheet.shown(made))


@app.command()
def prewarm(
    group: Annotated[str, typer.Argument(help="Of site/groups.yaml, or the hub's own.")] = "",
    profile: Annotated[str, typer.Option(help="The kind of lab; each person's default where none is named.")] = "",
    minutes: Annotated[str, typer.Option(help="How long a lab waits for its person.")] = "60",
) -> None:
    """Start the labs of a group before its people come."""
    from generator import deployment, prewarm

    if not (minutes.isascii() and minutes.isdecimal()):
        raise HomeroomError(f"{minutes} is no number of minutes", place="MINUTES", remedy="Leave it out for 60.")
    prewarm.prewarm(deployment.existing(), group, profile, int(minutes))


@app.command()
def clean() -> None:
    """Remove containers, networks, images and generated files; never homes, accounts, .env or site/."""
    from generator import deployment

    with alone(ROOT):
        deployment.clean()


@app.command(hidden=True)
def reference() -> None:
    """Write .env.example and docs/settings.md from the schema."""
    from generator import reference

    changed = reference.write()
    console.note(f"Changed: {', '.join(changed)}." if changed else "Both are in step.")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a verb; an operator's mistake ends with cause and remedy and its exit code.

    :param arguments: the verb and its own; those of the process where none are given.
    """
    # So that a run that is killed, or whose terminal goes away, also cleans up after itself. `nohup` stays in force.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        app(args=arguments)
    except HomeroomError as error:
        console.fail(error)
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, SystemExit) as end:
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        console.err.print("\nInterrupted. The same command goes on from here.")
        sys.exit(INTERRUPTED)
