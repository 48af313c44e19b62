"""What homes take, for `make status`."""

from __future__ import annotations

from generator.core.console import counted, note, out, quoted, table, warn
from generator.core.finding import in_units
from generator.core.paths import RENDERED
from generator.engine.glance import Glance, Show
from generator.topics.storage import home_use
from generator.topics.storage.home_use import HomeUse

ORDER = 40
LARGEST_HOMES = 15


def ask(glance: Glance) -> Show:
    """Their sizes, the largest first; those over HOME_SOFT_LIMIT stand out."""
    deployment = glance.deployment
    use = glance.pool.submit(home_use.read, deployment.client, deployment.settings, RENDERED)
    return lambda: _show(use.result(), deployment.settings.HOME_SOFT_LIMIT)


def _show(use: HomeUse, soft_limit_bytes: int) -> None:
    """What homes take, the largest first; those over HOME_SOFT_LIMIT stand out."""
    known = {name: size for name, size in use.bytes_of.items() if size is not None}
    age_said = f", as of {use.age_seconds / 60:.0f} min ago" if use.age_seconds >= 60 else ""
    taken = f"{in_units(sum(known.values()))} in all{use.of_exams}{age_said}"
    note(f"[bold]{counted(len(use.bytes_of), 'home')}[/bold], {taken}")
    if use.fault:
        warn(f"What homes take now: {use.fault}")
    if not known:
        return
    rows = table("home of", "takes")
    for name, size in sorted(known.items(), key=lambda one: -one[1])[:LARGEST_HOMES]:
        over = soft_limit_bytes and size > soft_limit_bytes
        rows.add_row(
            quoted(name), f"[yellow]{in_units(size)}, over HOME_SOFT_LIMIT[/yellow]" if over else in_units(size)
        )
    out.print(rows)
    if len(known) > LARGEST_HOMES:
        note(f"and {len(known) - LARGEST_HOMES} smaller ones")
