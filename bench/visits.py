"""What people with a browser wait for, from the sign-in page to the first output, and what their labs take at work."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bench.browser import Disturbed, Visit, visit
from bench.deployments import Deployment
from bench.people import signed_in
from bench.table import Goal, Row

MOST_DISTURBANCES = 5
Visits = dict[str, list[Visit]]


def pages(each: Sequence[Deployment], count: int, settle_seconds: float) -> list[Row]:
    """From the sign-in page to the first cell's output, in a real browser that has nothing cached; then the memory of
    the lab, when a notebook has drawn a figure of a table."""
    found = _visits(each, "reader", count, settle_seconds)
    at_work = "memory of a lab at work, page open, pandas and a figure"
    output = "sign-in page to the first cell's output, in Chromium"
    return [
        _row("pages", found, output, "s", lambda one: one.output_seconds, Goal(ratio=0.6)),
        _row("pages", found, f"{at_work}, cgroup", "MiB", lambda one: one.memory_mib, Goal(ratio=0.85)),
        _row("pages", found, f"{at_work}, PSS", "MiB", lambda one: one.pss_mib, Goal(ratio=0.85)),
    ]


def edges(each: Sequence[Deployment], count: int, settle_seconds: float) -> list[Row]:
    """The same up to the first output, while Homeroom's people come through the edge."""
    found = _visits(each, "comer", count, settle_seconds)
    output = "sign-in page to the first cell's output, through the edge (TLS=internal)"
    return [_row("edges", found, output, "s", lambda one: one.output_seconds, Goal(ratio=0.55))]


def _row(name: str, found: Visits, what: str, unit: str, value: Callable[[Visit], float], goal: Goal) -> Row:
    ours, stock = ([value(one) for one in found[which]] for which in ("Homeroom", "stock"))
    return Row(name=name, what=what, unit=unit, homeroom=ours, reference=stock, goal=goal)


def _visits(each: Sequence[Deployment], who: str, count: int, settle_seconds: float) -> Visits:
    """People come, to each deployment in turn.

    :param who: what they are called; nobody of this name was there before, so none finds a notebook open.
    """
    found: Visits = {deployment.name: [] for deployment in each}
    for number in range(count):
        for deployment in each:
            found[deployment.name].append(_undisturbed(deployment, f"{who}{number}", settle_seconds))
    return found


def _undisturbed(deployment: Deployment, name: str, settle_seconds: float) -> Visit:
    for attempt in range(MOST_DISTURBANCES):
        reader = f"{name}x{attempt}"
        try:
            return visit(deployment, reader, settle_seconds)
        except Disturbed:
            continue
        finally:
            signed_in(deployment, reader).stop_lab_if_any()
    raise RuntimeError("networks of this machine come and go all the time: no page loads undisturbed")
