"""Why somebody gets no lab, in words for them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import docker.errors
from jupyterhub.spawner import SpawnException

from homeroom.contract.refusals import NO_FIREWALL
from homeroom.texts.said import Said, say


class NoLab(SpawnException):
    """A start that is refused or failed; the hub's pages and API show its message alone, in their reader's language.

    :param reason: one word for the hub's metrics.
    """

    def __init__(self, said: Said, *, reason: str, status_code: int = 400) -> None:
        super().__init__(said.english(), reason=reason, status_code=status_code)
        self.said = said

    @property
    def jupyterhub_message(self) -> str:
        """What the hub's pages and API show."""
        return str(self.said)

    def __str__(self) -> str:
        return self.said.english()


def explained(error: docker.errors.APIError, *, image: str, shares: Iterable[Mapping[str, Any]]) -> NoLab:
    """A call that the guard or the engine refused, in words for the user whose lab it was for.

    They are told nothing of the machine: paths and names are for the hub's log.

    :param shares: as `LabSpawner.shares` has them.
    """
    said = str(getattr(error, "explanation", None) or error)
    if isinstance(error, docker.errors.ImageNotFound):
        return NoLab(say("no_lab.image", image=image), reason="image-missing")
    if "no space left on device" in said:
        return NoLab(say("no_lab.disk"), reason="disk-full", status_code=503)
    if NO_FIREWALL in said:
        return NoLab(say("no_lab.firewall"), reason="firewall", status_code=503)
    if "the home cannot be made" in said:
        return NoLab(say("no_lab.home"), reason="home", status_code=503)
    if re.search("does not exist|no such file", said):
        words = set(re.split(r"[\s\"':,]+", said))
        for share in shares:
            if share["source"] in words:
                return NoLab(say("no_lab.share", share=share["name"]), reason="share-missing", status_code=503)
    if "CDI device" in said:
        return NoLab(say("no_lab.gpu"), reason="gpus-missing", status_code=503)
    if error.status_code == 403:
        return NoLab(say("no_lab.guard"), reason="guard", status_code=503)
    return NoLab(say("no_lab.engine"), reason="engine", status_code=503)
