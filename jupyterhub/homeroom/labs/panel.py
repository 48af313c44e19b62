"""What the home page shows of labs: the person's own, what they may start, and the groups that say so."""

from __future__ import annotations

import time
from datetime import UTC
from typing import Any

from tornado import web

from homeroom.hub.home import Panel, Values
from homeroom.labs import choice
from homeroom.labs.plan import allowed_profiles, groups_of, plan_for
from homeroom.texts.said import Said, say


async def lab(handler: Any) -> Values:
    """The person's first lab: what it has, and when it ends by itself."""
    spawner = handler.current_user.spawner
    if not spawner.ready:
        return {"facts": []}
    try:
        return {"facts": _facts(spawner)}
    except web.HTTPError:  # its profile is no longer theirs: it runs on, as it was started
        return {"facts": []}


def _facts(spawner: Any) -> list[Said]:
    plan = spawner.plan
    facts = choice.what_it_gives(plan)[: 3 if plan.gpus else 2]
    if spawner.home_hard_limit and not plan.ephemeral:
        facts.append(say("home.disk", limit=spawner.home_hard_limit))
    if plan.ephemeral:
        facts.append(say("labs.choice.ephemeral"))
    if plan.max_age_seconds and spawner.orm_spawner.started:
        started = spawner.orm_spawner.started.replace(tzinfo=UTC).timestamp()
        facts.append(say("home.time_left", left=max(0.0, started + plan.max_age_seconds - time.time())))
    if plan.idle_seconds:
        facts.append(say("home.idle", idle=plan.idle_seconds))
    return facts


async def profiles(handler: Any) -> Values | None:
    """What somebody may start; nothing where there is no choice."""
    spawner = handler.current_user.spawner
    own = allowed_profiles(spawner.profiles, spawner.groups, spawner.person)
    if len(own) < 2:  # one is no choice
        return None
    plans = [plan_for(profile, spawner.groups, spawner.person) for profile in own]
    return {
        "profiles": [
            {
                "title": profile["display_name"],
                "description": profile["description"],
                "facts": choice.what_it_gives(plan),
            }
            for profile, plan in zip(own, plans, strict=True)
        ]
    }


async def groups(handler: Any) -> Values | None:
    """The groups that somebody is in; nothing where there is none."""
    spawner = handler.current_user.spawner
    found = groups_of(spawner.person, spawner.groups)
    return {"groups": found} if found else None


PANELS = (
    Panel(name="lab", order=10, ask=lab),
    Panel(name="profiles", order=50, ask=profiles),
    Panel(name="groups", order=60, ask=groups),
)
