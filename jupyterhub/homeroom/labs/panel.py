"""What the home page shows of labs: the person's own, what they may start, and the groups that say so."""

from __future__ import annotations

import asyncio
from typing import Any

from homeroom.hub import marked_groups
from homeroom.hub.home import Panel, Values
from homeroom.labs import choice
from homeroom.labs.lab_now import home_of, now_of
from homeroom.labs.plan import allowed_profiles, groups_of, plan_for
from homeroom.storage import home_use


async def lab(handler: Any) -> Values:
    """The person's labs: what each takes, and when it ends by itself."""
    user = handler.current_user
    spawners = [user.spawner, *user.all_spawners(include_default=False)]
    found = await asyncio.gather(*(now_of(spawner) for spawner in spawners))
    now = {spawner.name: each for spawner, each in zip(spawners, found, strict=True)}
    return {"now": now, "home": home_of(user.spawner, home_use.told(user))}


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
    """The groups that somebody is in, and those that a lab of theirs lacks the shares of; nothing where there is
    none. Those of courses and rooms are left out: the page has these by their titles."""
    spawner = handler.current_user.spawner
    found = groups_of(spawner.person, spawner.groups)
    user = handler.current_user
    joined = sorted({group for each in user.all_spawners() for group in each.joined_later})
    kept = {group.name for group in user.groups if marked_groups.is_marked(group)}
    shown = [group for group in found if group not in kept]
    return {"groups": shown, "joined": joined} if shown or joined else None


PANELS = (
    Panel(name="lab", order=10, ask=lab, refreshed=True, in_exam=False),
    Panel(name="profiles", order=50, ask=profiles, in_exam=False),
    Panel(name="groups", order=60, ask=groups),
)
