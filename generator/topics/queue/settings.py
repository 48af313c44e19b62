"""What all running labs together may have, and how long others wait for it."""

from __future__ import annotations

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Number, TotalSize, Whole

QUEUE = Group(title="Queue", text="What all running labs together may have, and how long others wait for it.", order=42)


MEMORY_LEFT_BYTES = 2**30
"""What LABS_MEMORY=0 leaves to the machine itself."""


def memory_of_labs(rest_bytes: int, lab_memory_bytes: int) -> int:
    """Bytes that all labs together may be promised where LABS_MEMORY does not say it: one lab at least.

    :param rest_bytes: of the machine, beside Homeroom's services.
    """
    return max(rest_bytes - MEMORY_LEFT_BYTES, lab_memory_bytes)


class QueueSettings(Part):
    """What all running labs together may have, and how long others wait for it."""

    LABS_MEMORY: TotalSize = setting(
        "0",
        About(group=QUEUE, consumers=("hub", "generator"), unit="bytes, as 16G"),
        """Memory that all running labs together may be promised. Whoever does not fit waits in line. 0: what the
        machine has, less Homeroom's services and 1G.""",
    )
    LABS_CPUS: Number = setting(
        0,
        About(group=QUEUE, consumers=("hub", "generator"), unit="CPUs"),
        """CPUs that all running labs together may be promised. Whoever does not fit waits in line. 0: no limit, since
        CPU time is shared fairly: where many compute at once each is slower, and nobody waits.""",
        ge=0,
        le=100000,
    )
    QUEUE_SECONDS: Whole = setting(
        1800,
        About(group=QUEUE, consumers=("hub",), unit="seconds"),
        "How long somebody waits in line for a free place before the hub says that there is none.",
        ge=0,
        le=86400,
    )
