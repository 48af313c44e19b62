"""`make gpus`."""

from __future__ import annotations

import typer

from generator.core import console

verbs = typer.Typer()


@verbs.command()
def gpus() -> None:
    """Show the machine's GPUs, and write them as a proposal for site/gpus.yaml."""
    from generator.core.atomic import write_atomically
    from generator.core.paths import SITE
    from generator.engine import deployment
    from generator.topics.gpus import gpu_host, gpus, site

    here = deployment.open_deployment()
    info = here.client.info()
    found = gpu_host.read_host(cdi_directories=gpu_host.cdi_directories(info))
    for gpu in found:
        console.note(f"{gpu.id}  {gpu.label}")
    access = gpus.access_of(here.engine.kind, info, found)
    for fault in gpus.access_faults(access, here.engine.kind, info) if found else ():
        console.warn(str(fault))
    write_atomically(SITE / gpus.PROPOSAL, gpus.proposal(found, access))
    next_step = (
        f"Copy it to site/{site.GPUS}, edit that, and run `make up`." if found else "There is no GPU to be seen."
    )
    console.note(f"Wrote site/{gpus.PROPOSAL}. {next_step}")
