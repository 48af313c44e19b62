"""Who holds which GPU, for `make status`."""

from __future__ import annotations

from datetime import datetime

from generator.core.console import age, note, out, quoted, table, warn
from generator.core.errors import HomeroomError
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.engine.glance import Glance, Show
from generator.topics.gpus import gpus

ORDER = 20


def ask(glance: Glance) -> Show:
    """Who holds what since when; nothing where there is no GPU to lease or held."""
    return lambda: _show(glance.deployment, glance.now)


def _show(deployment: Deployment, now: datetime) -> None:
    """Who holds what since when, from the labs' labels; nothing where there is no GPU to lease or held."""
    try:
        pool = gpus.load_here(SITE)
    except HomeroomError as error:
        warn(str(error))
        pool = gpus.NO_GPUS
    living = (one for one in deployment.labs() if one.status not in ("exited", "dead"))
    held = gpus.holders((one.labels, one.attrs["Created"]) for one in living)
    listed = {gpu["id"]: gpu for gpu in pool.gpus}
    if not listed and not held:
        return
    free = sum(gpu["slots"] > len(held.get(gpu["id"], ())) for gpu in pool.gpus)
    note(f"\n[bold]{free} of {len(listed)} GPUs free[/bold]")
    rows = table("GPU", "held by", "slots")
    for name in [*listed, *sorted(held.keys() - listed.keys())]:
        labs = ", ".join(f"{quoted(lab)} ({age(created, now)})" for lab, created in held.get(name, ()))
        gpu = listed.get(name, {"label": "[red]not in site/gpus.yaml[/red]", "slots": 0})
        rows.add_row(
            f"{gpu['label']} [dim]{quoted(name)}[/dim]", labs or "-", f"{len(held.get(name, ()))} of {gpu['slots']}"
        )
    out.print(rows)
