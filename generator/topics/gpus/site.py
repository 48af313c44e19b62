"""The form of site/gpus.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from generator.schema.types import written_as
from generator.site.models import Form, Strict

GPUS = "gpus.yaml"
Access = Literal["cdi", "nvidia", "podman"]


class Gpu(Strict):
    """One GPU or MIG slice."""

    id: Annotated[str, written_as(r"[A-Za-z0-9][A-Za-z0-9_.:/=-]{0,199}", "an id as `make gpus` shows it")]
    label: str = ""
    slots: Annotated[int, Field(ge=1, le=64)] = 1


class GpuFile(Strict):
    """`site/gpus.yaml`."""

    access: Access = "cdi"
    per_user: Annotated[int, Field(ge=0, le=64)] = 0
    gpus: list[Gpu] = []


FORMS = (
    Form(name=GPUS, model=GpuFile, what="The GPUs that labs lease; `make gpus` proposes one.", page="gpus", order=50),
)
