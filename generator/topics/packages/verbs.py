"""`make refresh`, `make packages` and `make sbom`."""

from __future__ import annotations

from typing import Annotated

import typer

from generator.core.flag import is_set
from generator.core.lock import exclusive
from generator.core.paths import ROOT

verbs = typer.Typer()


@verbs.command()
def refresh(
    anyway: Annotated[str, typer.Option(help="1: also where nothing is newer.")] = "",
    within: Annotated[str, typer.Option(help="So many seconds the services may take to be well.")] = "",
) -> None:
    """Bring security updates into the images, while labs run; back by itself if that is not well."""
    from generator.engine import deployment
    from generator.topics.packages import refresh
    from generator.topics.updates.update import seconds_of

    seconds, is_meant = seconds_of(within, refresh.WITHIN_SECONDS), is_set("ANYWAY", anyway)
    with exclusive(ROOT) as lock:
        refresh.refresh(deployment.open_deployment(), lock, anyway=is_meant, within_seconds=seconds)


@verbs.command()
def packages(
    image: Annotated[str, typer.Option(help="Name each package of this image.")] = "",
) -> None:
    """Show what is outdated in each image."""
    from generator.engine import deployment
    from generator.topics.packages import show

    show.show(deployment.open_deployment(), image)


@verbs.command()
def sbom(
    to: Annotated[str, typer.Argument(help="A directory.")] = "",
) -> None:
    """Write what is in each image, for other programs: a file an image, in CycloneDX."""
    from generator.engine import deployment
    from generator.topics.packages import sbom

    sbom.write(deployment.open_deployment(), to)
