"""The platforms of site/lti.yaml, for the hub."""

from __future__ import annotations

from generator.rendering.context import Context, Rendered
from generator.topics.environments import features
from generator.topics.lti.launches import MADE
from generator.topics.lti.platforms import load_platforms


def render(context: Context) -> Rendered:
    """What the way's class is told.

    :raises HomeroomError: everything that is wrong with site/lti.yaml.
    """
    settings = context.settings
    found = load_platforms(settings, context.site)
    if found is None:
        return Rendered()
    file = found.file
    traits = {
        "title": file.title,
        "registered_courses": file.registered_courses if file.registered_courses == MADE else "",
        "names": file.names,
        "allow_all": file.allow_all,
        "allowed_users": set(file.allowed_users),
        "allowed_groups": set(file.allowed_groups),
        "admin_groups": set(file.admin_groups),
    }
    return Rendered(
        hub={
            "public_url": settings.public_url,
            "git_links": "nbgitpuller" in features.parse(settings.LAB_FEATURES),
            "traits": {name: value for name, value in traits.items() if value},
            "platforms": found.platforms,
            "consumers": found.consumers,
        }
    )
