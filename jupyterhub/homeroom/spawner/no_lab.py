"""Why a user gets no lab, in a sentence that is shown to them as it is."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from typing import Any

import docker.errors
from jupyterhub.spawner import SpawnException

from homeroom.contract.refusals import NO_FIREWALL

ASK = "Please tell the administrator: the hub's log says why."


class NoLab(SpawnException):
    """A start that is refused or failed; the hub's pages and API show its message alone.

    :param reason: one word for the hub's metrics.
    """

    def __init__(self, message: str, *, reason: str, status_code: int = 400) -> None:
        super().__init__(message, reason=reason, status_code=status_code)
        self.jupyterhub_message = message
        self.jupyterhub_html_message = html.escape(message)  # the waiting page says "Spawn failed:" before the other

    def __str__(self) -> str:
        return str(self.message)


def explained(error: docker.errors.APIError, *, image: str, shares: Iterable[Mapping[str, Any]]) -> NoLab:
    """A call that the guard or the engine refused, in words for the user whose lab it was for.

    They are told nothing of the machine: paths and names are for the hub's log.

    :param shares: as `LabSpawner.shares` has them.
    """
    said = str(getattr(error, "explanation", None) or error)
    if isinstance(error, docker.errors.ImageNotFound):
        return NoLab(
            f"The image {image} is not on this machine. Please tell the administrator: `make up` gets it.",
            reason="image-missing",
        )
    if "no space left on device" in said:
        return NoLab(
            "The disk of this machine is full, so no lab can be made. Labs that run and all files stay as they are. "
            "Please tell the administrator, who has to make room on it.",
            reason="disk-full",
            status_code=503,
        )
    if NO_FIREWALL in said:
        return NoLab(
            "Labs cannot start just now: their firewall is not in force. Please tell the administrator: "
            "`make logs SERVICE=firewall` says why.",
            reason="firewall",
            status_code=503,
        )
    if "the home cannot be made" in said:
        return NoLab(f"Your home directory could not be made ready. {ASK}", reason="home", status_code=503)
    if re.search("does not exist|no such file", said):
        words = set(re.split(r"[\s\"':,]+", said))
        for share in shares:
            if share["source"] in words:
                return NoLab(
                    f"The shared directory {share['name']} is not there. Please tell the administrator.",
                    reason="share-missing",
                    status_code=503,
                )
    if "CDI device" in said:
        return NoLab(
            "The engine could not give this lab its GPU. "
            "Please tell the administrator: `make check` looks the GPUs over.",
            reason="gpus-missing",
            status_code=503,
        )
    if error.status_code == 403:
        return NoLab(f"The hub's guard does not let this lab through. {ASK}", reason="guard", status_code=503)
    return NoLab(f"The container engine could not make this lab. {ASK}", reason="engine", status_code=503)
