"""What the deployment's network and volumes are called on the engine."""

from __future__ import annotations

from generator.schema.settings import Settings

LAB_NETWORK = "labs"
HUB_SOCKET_VOLUME = "hub-socket"
LAB_SOCKETS_VOLUME = "lab-sockets"
KERNELS_VOLUME = "kernels"
KERNELS_TARGET = "/srv/kernels"


def resource_names(settings: Settings) -> dict[str, str]:
    """What the deployment's network and volumes are called on the engine; Compose puts the project's name before."""
    project = settings.COMPOSE_PROJECT_NAME
    return {
        "lab_network": f"{project}_{LAB_NETWORK}",
        "hub_socket_volume": f"{project}_{HUB_SOCKET_VOLUME}",
        "lab_sockets_volume": f"{project}_{LAB_SOCKETS_VOLUME}",
        "kernels_volume": f"{project}_{KERNELS_VOLUME}",
    }
