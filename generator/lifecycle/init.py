"""`make init`: a new `.env` and a new `site/`."""

from __future__ import annotations

from generator import preflight
from generator.core.paths import ENV_FILE, SITE
from generator.schema import env_file
from generator.site import starters


def init() -> bool:
    """Write `.env` and lay `site/`, where they are not there yet; returns whether `.env` was written."""
    given = env_file.from_shell()
    given.pop("INSTALL_ENGINE", None)  # given in the shell it is for one run, also the first
    if not ENV_FILE.exists() and "LAB_SUBNET" not in given:
        taken = [route.subnet for route in preflight.host_routes()]
        given["LAB_SUBNET"] = preflight.free_subnet(taken, given.get("COMPOSE_PROJECT_NAME", ""))
    written = env_file.create(ENV_FILE, given)
    starters.create(SITE)
    return written
