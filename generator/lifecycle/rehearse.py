"""What the next version does of an update: its images are built, its configuration is loaded, its hub is started."""

from __future__ import annotations

from pathlib import Path

from generator.core.console import step
from generator.core.paths import SITE
from generator.engine.deployment import Deployment
from generator.lifecycle import render
from generator.lifecycle.build import build, image_specs
from generator.lifecycle.checks import check_site
from generator.lifecycle.hub_config import render_checked
from generator.topics.environments import site_images
from generator.topics.updates import images, rehearsal


def rehearse(deployment: Deployment, of: str, database: Path, packages: str = "") -> None:
    """Have this version's images, and see that it starts with the settings and on the database of another deployment.

    :param deployment: this version's, under the rehearsal's name.
    :param of: the name of the deployment that is updated; its images serve where nothing of them changed.
    :param database: a copy of its hub's database.
    :param packages: a moment: all images are built anew, with packages as they are then.
    :raises HomeroomError: it does not.
    """
    with step("Checking settings and site/ by the new version"):
        render.rendered_files(deployment.settings, SITE)
        check_site(deployment.settings)
    names = [*(spec.name for spec in image_specs(deployment)), *site_images.own()]
    images.lend(deployment.client, of, names)
    build(deployment, packages=packages)
    render_checked(deployment)
    rehearsal.run(deployment, database)
