"""`make check`: everything that can be told without a change."""

from __future__ import annotations

from collections.abc import Iterable

from generator.core import console
from generator.core.errors import raise_all
from generator.core.finding import Finding, errors_of
from generator.core.paths import SITE
from generator.engine import deployment
from generator.engine.deployment import Deployment
from generator.lifecycle import checks, hub_config, render, timers
from generator.topics.edge import edge


def check() -> None:
    """Check settings, `site/`, machine, images and the hub's configuration, and say what was found.

    :raises HomeroomError: everything that stands in the way.
    """
    here = deployment.open_deployment()
    files = render.rendered_files(here.settings, SITE)
    odd = checks.check_site(here.settings)
    console.note("[green]✓[/green] .env and site/ can be read")
    _show([*checks.check_machine(here.settings, here.engine), *odd])
    checks.check_images(here)
    edge.check(here, files)
    checks.check_engine(here)
    _check_hub(here, files)
    _show(timers.findings(here.settings))
    told = checks.ask_counterparts(here)
    _show([finding for finding in told if finding.level != "error"])
    raise_all(errors_of(told))


def _check_hub(here: Deployment, files: dict[str, str]) -> None:
    """Load the hub's configuration; an image that is older than it is no error: `make up` builds a new one first."""
    try:
        if hub_config.check_hub_if_built(here, files):
            console.note("[green]✓[/green] the hub's configuration loads")
    except hub_config.OldHubImage as error:
        console.note(f"[yellow]![/yellow] the hub's image: {error.location} {error.cause}\n  {error.remedy}")


def _show(findings: Iterable[Finding]) -> None:
    for finding in findings:
        mark = "[green]✓[/green]" if finding.level == "ok" else "[yellow]![/yellow]"
        location = f"{finding.location}: " if finding.location else ""
        console.note(
            f"{mark} {finding.name}: {location}{finding.cause}" + (f"\n  {finding.remedy}" if finding.remedy else "")
        )
