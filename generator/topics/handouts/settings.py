"""Where lecturers lay what is handed out, and how large it may be."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import OptionalPath, Size

HANDOUTS = Group(
    title="Handouts", text="What a group's teacher wants in each member's home (site/handouts.yaml).", page="handouts"
)


class HandoutsSettings(Part):
    """Where handouts come from."""

    HANDOUTS_FROM: OptionalPath = setting(
        "",
        About(group=HANDOUTS, consumers=("generator",), example="/srv/teaching"),
        """The directory in which `from` of site/handouts.yaml is looked for. Labs never see it: each handout is copied
        out of it when its time comes. Empty: site/handouts.""",
    )
    HANDOUT_MAX_SIZE: Size = setting(
        "500M",
        About(group=HANDOUTS, consumers=("generator", "hub"), unit="bytes", example="2G"),
        """How large one handout may be. A larger one is not handed out, and `make handouts` says so: each member's home
        would have to take it.""",
    )
