"""When idle labs and kernels are stopped."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Whole

CULLING = Group(title="Culling", text="When idle labs and kernels are stopped.", page="labs-lifecycle")


class CullingSettings(Part):
    """When idle labs and kernels are stopped."""

    CULL_IDLE_SECONDS: Whole = setting(
        3600,
        About(group=CULLING, consumers=("hub", "generator"), unit="seconds", example="7200"),
        """A lab is stopped after this much idle time; its files stay. A running cell keeps it going, an open page does
        not. Profiles and groups can set their own. 0: never.""",
        ge=0,
        le=2592000,
    )
    GPU_IDLE_SECONDS: Whole = setting(
        1800,
        About(group=CULLING, consumers=("hub", "generator"), unit="seconds", example="600"),
        """The same for labs that hold a GPU; the shorter of the two times counts. 0: as CULL_IDLE_SECONDS.""",
        ge=0,
        le=2592000,
    )
    KERNEL_IDLE_SECONDS: Whole = setting(
        14400,
        About(group=CULLING, consumers=("hub", "generator"), unit="seconds", example="7200"),
        """A kernel is stopped after this much idle time, to free memory; its variables are lost and the lab keeps
        running. Profiles can set their own. 0: never.""",
        ge=0,
        le=2592000,
    )
    MORE_TIME_SECONDS: Whole = setting(
        7200,
        About(group=CULLING, consumers=("hub", "generator"), unit="seconds", example="14400"),
        """What users may add in all to a lab's maximum age, with the button *Two more hours* of the home page. Where a
        lab has none, the button keeps it from being stopped for being idle, as often as it is pressed. Profiles can set
        their own; those with GPUs have none unless they do. 0: no such button.""",
        ge=0,
        le=2592000,
    )
