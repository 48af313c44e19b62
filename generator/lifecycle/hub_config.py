"""The hub's configuration: rendered, and loaded in the hub's own image before the running hub sees it."""

from __future__ import annotations

import contextlib
import re
import secrets
import shutil
import time
from pathlib import Path
from typing import Any

import docker.errors

from generator.core.console import step
from generator.core.errors import HomeroomError, SeveralErrors, raise_all
from generator.core.labels import SERVICE_LABEL
from generator.core.paths import RENDERED, SITE
from generator.engine.deployment import Deployment
from generator.engine.find import find_engine
from generator.images.base import image_id
from generator.images.build import outdated
from generator.lifecycle import render
from generator.lifecycle.build import image_specs
from generator.schema.settings import Settings

STAGING = ".next"
LEFT_SECONDS = 60.0
"""After which a check's container that has ended is nobody's."""
PLACE = re.compile(r"/srv/jupyterhub/\S+:[0-9]+: ")


def check_hub_loads(deployment: Deployment, files: dict[str, str]) -> None:
    """Load a configuration in the hub's image, as the hub would; needs that image.

    :raises HomeroomError: it does not load; the location is the file and line, in `site/` where it is the operator's.
    """
    staging = RENDERED / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    _remove_left(deployment)
    name = f"{deployment.project}-check-{secrets.token_hex(4)}"
    try:
        render.write(files, staging)
        deployment.client.containers.run(
            f"{deployment.project}-hub:local",
            ["python", "-m", "homeroom.hub.check_config", f"/srv/jupyterhub/{render.HUB_CONFIG}"],
            volumes={
                str(staging): {"bind": "/srv/jupyterhub", "mode": "ro"},
                str(SITE): {"bind": "/srv/site", "mode": "ro"},
            },
            network_mode="none",
            cap_drop=["ALL"],
            labels={SERVICE_LABEL: "check"},
            name=name,
        )
    except docker.errors.ContainerError as error:
        said_bytes: Any = error.stderr or b""
        said = said_bytes.decode(errors="replace").strip().splitlines()
        faults = [line for line in said if PLACE.match(line)]
        raise_all([_load_error(line) for line in faults or said[-1:] or [f"it ended with {error.exit_status}"]])
    finally:
        with contextlib.suppress(docker.errors.NotFound):  # by its name: Ctrl-C may come before its making is answered
            deployment.client.containers.get(name).remove(force=True)
        shutil.rmtree(staging, ignore_errors=True)


def _remove_left(deployment: Deployment) -> None:
    """Remove the containers of checks that were killed; one that another command makes at this moment is younger."""
    chosen = {
        "label": f"{SERVICE_LABEL}=check",
        "name": f"^/?{re.escape(deployment.project)}-check-",
        "status": "exited",
    }
    for row in deployment.client.api.containers(all=True, filters=chosen):
        if time.time() - row["Created"] > LEFT_SECONDS:
            with contextlib.suppress(docker.errors.APIError):  # somebody else does it
                deployment.client.api.remove_container(row["Id"], force=True)


class OldHubImage(HomeroomError):
    """The hub's image is of another version than the configuration, and cannot load it."""

    def __init__(self, tag: str) -> None:
        super().__init__(
            "was built from an older version, which cannot load what this one renders",
            location=tag,
            remedy="`make up` builds the new image first, and then loads the configuration in it before the hub does.",
        )


def check_hub_if_built(deployment: Deployment, files: dict[str, str]) -> bool:
    """As `check_hub_loads`, where the hub's image is there; returns whether it is.

    :raises OldHubImage: it does not load, and that is the image's fault, as after `git pull`.
    """
    tag = f"{deployment.project}-hub:local"
    if not image_id(deployment.client, tag):
        return False
    try:
        check_hub_loads(deployment, files)
    except HomeroomError as error:
        if is_in_site(error) or not is_outdated(deployment, tag):
            raise
        raise OldHubImage(tag) from error
    return True


def is_in_site(error: HomeroomError) -> bool:
    """Whether an error is of something that the operator wrote."""
    errors = error.errors if isinstance(error, SeveralErrors) else [error]
    return any((one.location or "").startswith("site/") for one in errors)


def is_outdated(deployment: Deployment, tag: str) -> bool:
    """Whether an image that is there would be built anew by `make up`."""
    specs = [spec for spec in image_specs(deployment) if spec.tag == tag]
    return bool(outdated(deployment.engine, specs))


def check_where_possible(settings: Settings, files: dict[str, str]) -> None:
    """As `check_hub_if_built`, where there is an engine; before the first `up` there is none, and no hub that the files
    could stop.

    :raises HomeroomError: the configuration does not load.
    """
    try:
        here = Deployment(settings, find_engine(Path(settings.ENGINE_SOCKET)))
    except HomeroomError:
        return
    check_hub_if_built(here, files)


def _load_error(line: str) -> HomeroomError:
    """`/srv/jupyterhub/hub.d/a.py:3: cause` as an operator's error about `site/hub.d/a.py`."""
    path, _, rest = line.partition(":")
    number, _, cause = rest.partition(": ")
    name = path.removeprefix("/srv/jupyterhub/")
    location = f"site/{name} line {number}" if name.startswith(render.HUB_D) else f"rendered/{name} line {number}"
    return HomeroomError(cause or line, location=location, remedy=render.HUB_D_REMEDY)


def render_checked(deployment: Deployment) -> list[str]:
    """Render; what changed is first loaded in the hub's image, so that a slip never reaches the running hub.

    :returns: the names of the generated files that changed.
    """
    files = render.rendered_files(deployment.settings, SITE)
    if render.is_current(files, RENDERED):
        return []
    with step("Rendering the hub's configuration") as shown:
        check_hub_loads(deployment, files)
        changed = render.write(files, RENDERED)
        shown.say(", ".join(changed))
    return changed
