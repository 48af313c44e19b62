"""The ways of site/oauth.yaml that AUTH names, for the hub."""

from __future__ import annotations

from typing import Any

from generator.rendering.context import Context, Rendered
from generator.topics.oauth.providers import Chosen, load_chosen, public_url
from generator.topics.oauth.ways import WAYS, secret_of

SITE_IN_HUB = "/srv/site"


def render(context: Context) -> Rendered:
    """What each way's class is told."""
    base = public_url(context.settings)
    return Rendered(hub={"ways": [_way(one, base) for one in load_chosen(context.settings, context.site)]})


def _way(chosen: Chosen, base: str) -> dict[str, Any]:
    """The name of a way's class, and the traits that are not as they are anyway."""
    provider = chosen.provider
    traits: dict[str, Any] = {
        "client_id": provider.client_id,
        "secret_variable": secret_of(chosen.way),
        "public_url": base,
        **provider.traits,
        "title": provider.title,
        "scopes": provider.scopes,
        "username_claim": provider.username_claim,
        "ca_file": f"{SITE_IN_HUB}/{provider.ca_file}" if provider.ca_file else "",
        "refresh_seconds": provider.refresh_seconds,
        "groups": chosen.groups,
        "allow_all": provider.allow_all,
        "allowed_users": provider.allowed_users,
        "allowed_groups": sorted({chosen.groups[each] for each in provider.admitted()}),
        "admin_groups": sorted({chosen.groups[each] for each in provider.admin_groups}),
    }
    wanted = {name: value for name, value in traits.items() if value not in ("", [], {}, False) or name == "offline"}
    return {"name": WAYS[chosen.way].rpartition(".")[2], "traits": wanted}
