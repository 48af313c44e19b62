"""Which groups end when, and who leaves with them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from generator.core.console import counted, quoted
from generator.core.errors import HomeroomError
from generator.core.finding import Finding, ok, warning
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings
from generator.topics.people import ends, leaving

SHOWN = 10


def of_site(settings: Settings) -> Iterator[Finding]:
    """A day that is over already: who is in the group has the shortest notice yet, and leaves then."""
    today = date.today()
    for name, rule in leaving.rules().items():
        if rule.ends and rule.ends < today:
            shortest = min(ends.notice_days(settings.GROUP_END_NOTICE_DAYS))
            yield warning(
                f"group {name}",
                f"ended on {rule.ends}",
                location=f"site/groups.yaml: {name}",
                remedy=f"Who is in no other group leaves, after {counted(shortest, 'day')} of notice at least: "
                "`make group-ends` shows whom. Take the line `ends` away, or the group.",
            )


def of_counterpart(deployment: Deployment) -> Iterator[Finding]:
    """Who leaves when, as the running hub knows people."""
    rules = leaving.rules()
    if not any(rule.ends for rule in rules.values()):
        return
    try:
        found = leaving.found_by(deployment, rules)
    except HomeroomError as error:
        yield warning("groups that end", error.cause, location="site/groups.yaml", remedy=error.remedy or "")
        return
    for name, rule in rules.items():
        if rule.ends:
            own = [one.name for one in found if name in one.groups]
            more = f" and {len(own) - SHOWN} more" if len(own) > SHOWN else ""
            who = f": {', '.join(map(quoted, own[:SHOWN]))}{more}" if own else ""
            yield ok(f"group {name}", f"ends on {rule.ends}; {counted(len(own), 'user')} leave then{who}")
