"""What is installed in labs."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import OptionalImageName
from generator.topics.environments import features

ENVIRONMENTS = Group(title="Environments", text="What is installed in labs.", page="labs-environments")
Features = Annotated[str, AfterValidator(features.check)]


class EnvironmentsSettings(Part):
    """What is installed in labs."""

    DOCKER_NOTEBOOK_IMAGE: OptionalImageName = setting(
        "",
        About(
            group=ENVIRONMENTS, consumers=("hub", "generator"), example="quay.io/jupyter/minimal-notebook:2026-11-02"
        ),
        """Image of the labs. Empty: Homeroom's own. A folder's name in site/images/: your own, built from the
        Dockerfile there. Otherwise a name and tag at a registry. `make up` builds or pulls it, so that no user waits
        for that.""",
    )
    LAB_FEATURES: Features = setting(
        "apps,archive,git,science",
        About(
            group=ENVIRONMENTS, consumers=("generator",), unit="names with commas between them", example="myst,science"
        ),
        f"""What Homeroom's own lab image holds beside JupyterLab, of {", ".join(features.known())}. `make up` builds
        what changed. docs/labs-environments.md says what each is for and how large it is.""",
    )
