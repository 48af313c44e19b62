"""What all running labs together may reserve, and how long a lab waits for it."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Number, TotalSize, Whole

QUEUE = Group(
    title="Queue",
    text="What all running labs together may reserve, and how long a lab waits for it.",
    page="labs-lifecycle",
)


class QueueSettings(Part):
    """What all running labs together may reserve, and how long a lab waits for it."""

    TOTAL_LAB_MEMORY: TotalSize = setting(
        "0",
        About(group=QUEUE, consumers=("hub", "generator"), unit="bytes, as 16G", example="6G"),
        """Memory that all running labs together may reserve. A lab that does not fit waits in the queue. 0: the memory
        of the machine, less Homeroom's services and 1G.""",
    )
    TOTAL_LAB_CPUS: Number = setting(
        0,
        About(group=QUEUE, consumers=("hub", "generator"), unit="CPUs", example="6"),
        """CPUs that all running labs together may reserve. A lab that does not fit waits in the queue. 0: no limit; CPU
        time is shared fairly, so that labs get slower instead of waiting.""",
        ge=0,
        le=100000,
    )
    QUEUE_SECONDS: Whole = setting(
        1800,
        About(group=QUEUE, consumers=("hub",), unit="seconds", example="60"),
        "How long a lab may wait in the queue. After that the hub tells the user that there is no capacity.",
        ge=0,
        le=86400,
    )
