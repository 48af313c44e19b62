"""What all running labs together may have, and how long others wait for it."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Number, TotalSize, Whole

QUEUE = Group(
    title="Queue",
    text="What all running labs together may have, and how long others wait for it.",
    page="labs-lifecycle",
)


class QueueSettings(Part):
    """What all running labs together may have, and how long others wait for it."""

    TOTAL_LAB_MEMORY: TotalSize = setting(
        "0",
        About(group=QUEUE, consumers=("hub", "generator"), unit="bytes, as 16G", example="6G"),
        """Memory that all running labs together may be promised. Whoever does not fit waits in line. 0: what the
        machine has, less Homeroom's services and 1G.""",
    )
    TOTAL_LAB_CPUS: Number = setting(
        0,
        About(group=QUEUE, consumers=("hub", "generator"), unit="CPUs", example="6"),
        """CPUs that all running labs together may be promised. Whoever does not fit waits in line. 0: no limit, since
        CPU time is shared fairly: where many compute at once each is slower, and nobody waits.""",
        ge=0,
        le=100000,
    )
    QUEUE_SECONDS: Whole = setting(
        1800,
        About(group=QUEUE, consumers=("hub",), unit="seconds", example="60"),
        "How long somebody waits in line for a free place before the hub says that there is none.",
        ge=0,
        le=86400,
    )
