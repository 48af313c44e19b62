"""Handouts, for the hub and the guard: which folders labs mount. What is in them changes while all runs."""

from __future__ import annotations

from typing import Any

from generator.core.errors import HomeroomError
from generator.rendering.context import Context, Rendered
from generator.topics.environments import features
from generator.topics.handouts import given, handouts, places, state
from generator.topics.handouts.site import HANDOUTS
from generator.topics.labs.render import labs_config
from generator.topics.storage.site import PLAIN_PATH

FILES = {given.FILE: ""}
"""The hub looks at it when a course's page is shown: nothing is restarted for it."""


def render(context: Context) -> Rendered:
    """The folder of each audience.

    :raises HomeroomError: what is wrong with site/handouts.yaml, or labs could not be given these folders.
    """
    known = handouts.load(context.settings, context.site, context.of(labs_config).groups)
    wanted = handouts.all_audiences(known)
    is_plain = bool(PLAIN_PATH.fullmatch(str(places.FOLDER.resolve())))
    if wanted and not is_plain:
        raise HomeroomError(
            f"{places.FOLDER}: the guard takes only letters, digits and . _ @ + - in a path that labs mount",
            location=f"site/{HANDOUTS}",
            remedy="Move the deployment to a plainer directory, or do without handouts.",
        )
    git_links = "nbgitpuller" in features.parse(context.settings.LAB_FEATURES)
    return Rendered(
        hub={
            "most_bytes": context.settings.HANDOUT_MAX_SIZE,
            "handouts": [one.trait() for one in wanted if one.course is None],
            "links": {"public_url": context.settings.public_url, "git_links": git_links},
        },
        # The folders of courses also where there are none yet, so that nothing is restarted for the first.
        guard={"binds": [*(one.rule() for one in wanted if one.course is None), *_of_courses(is_plain)]},
        files={given.FILE: given.as_text(known, state.read(places.FOLDER))},
    )


def _of_courses(is_plain: bool) -> list[dict[str, Any]]:
    return [places.rule_of_courses()] if is_plain else []
