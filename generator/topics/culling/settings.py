"""When labs and kernels that nobody uses are stopped."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole

CULLING = Group(title="Culling", text="When labs and kernels that nobody uses are stopped.", page="labs-lifecycle")


class CullingSettings(Part):
    """When labs and kernels that nobody uses are stopped."""

    CULL_IDLE_SECONDS: Whole = setting(
        3600,
        About(group=CULLING, consumers=("hub", "generator"), unit="seconds", example="7200"),
        """A lab in which nothing ran for this long is stopped; its files stay. A running cell counts, a page that is
        merely open does not. Profiles and groups may say otherwise. 0: never.""",
        ge=0,
        le=2592000,
    )
    GPU_IDLE_SECONDS: Whole = setting(
        1800,
        About(group=CULLING, consumers=("hub", "generator"), unit="seconds", example="600"),
        """The same for labs that hold a GPU, which others wait for; the shorter of the two holds. 0: as
        CULL_IDLE_SECONDS.""",
        ge=0,
        le=2592000,
    )
    KERNEL_IDLE_SECONDS: Whole = setting(
        14400,
        About(group=CULLING, consumers=("hub", "generator"), unit="seconds", example="7200"),
        """A kernel in which nothing ran for this long is stopped, to free memory within a lab that goes on; its
        variables are gone. Profiles may say otherwise. 0: never.""",
        ge=0,
        le=2592000,
    )
