"""`make kernels`."""

from __future__ import annotations

import typer

from generator.core import console
from generator.core.lock import exclusive
from generator.core.paths import ROOT

verbs = typer.Typer()


@verbs.command()
def kernels() -> None:
    """Build the kernels of site/kernels/ for every lab, also the running ones."""
    from generator.engine import deployment
    from generator.topics.environments import kernels

    for finding in kernels.unread():
        console.warn(f"{finding.location}: {finding.cause}. {finding.remedy}")
    with exclusive(ROOT):
        kernels.build(deployment.open_deployment(), always=True)
    kernels.announce()
