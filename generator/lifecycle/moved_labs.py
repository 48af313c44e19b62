"""Running labs that were started under another address than the settings have now: nobody finds them any more."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from docker.models.containers import Container

from generator.core.console import counted, warn
from generator.engine.deployment import Deployment
from generator.schema.settings import Settings


def tell(deployment: Deployment) -> None:
    """Warn of those there are, and say what becomes of them."""
    settings = deployment.settings
    labs = [variables_of(lab) for lab in deployment.labs(running_only=True)]
    if moved := [lab for lab in labs if lab.get("JUPYTERHUB_BASE_URL", "") != settings.BASE_URL]:
        warn(
            f"BASE_URL has changed. {counted(len(moved), 'lab')} started under the old one cannot be found any more "
            "and will be stopped; their users read why, and start them again."
        )
    elif moved := [lab for lab in labs if not has_address(lab, settings)]:
        warn(
            f"The names of hub or labs have changed. {counted(len(moved), 'lab')} started under the old ones cannot be "
            "opened until they are restarted.\n  Their users stop and start them on the page Home, administrators on "
            "the page Admin."
        )


def variables_of(lab: Container) -> dict[str, str]:
    """The environment of a lab's container."""
    return dict(each.split("=", 1) for each in lab.attrs["Config"]["Env"] if "=" in each)


def has_address(lab: Mapping[str, str], settings: Settings) -> bool:
    """Whether a lab, by its environment, finds the hub and is found itself under the names that the settings have."""
    hub, own = (urlsplit(lab.get(f"JUPYTERHUB_PUBLIC_{name}", "")) for name in ("HUB_URL", "URL"))
    wanted_hub, wanted = urlsplit(settings.public_url), urlsplit(settings.labs_url or settings.public_url)
    host = own.netloc
    if settings.SUBDOMAINS == "on":
        label, _, host = host.partition(".")
        if not label.startswith("u-") and label != lab.get("JUPYTERHUB_USER"):  # such as that of all labs before
            return False
    return (hub.scheme, hub.netloc, own.scheme, host) == (
        wanted_hub.scheme, wanted_hub.netloc, wanted.scheme, wanted.netloc
    )  # fmt: skip
