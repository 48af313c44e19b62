"""What each user's lab gets."""

from __future__ import annotations

from typing import Annotated

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import Number, Size, Whole, written_as

LABS = Group(title="Labs", text="What each user's lab gets.", page="labs", order=40)
Locale = Annotated[str, written_as(r"[A-Za-z][A-Za-z0-9_.@-]{0,31}", "a locale's name such as C.UTF-8 or de_AT.UTF-8")]


class LabsSettings(Part):
    """What each user's lab gets."""

    LAB_MEMORY: Size = setting(
        "1G",
        About(group=LABS, consumers=("hub", "generator"), unit="bytes, as 512M or 2G", example="2G"),
        "Memory that each lab may use, without swap. A process over the limit is killed; other labs are not affected.",
    )
    LAB_CPUS: Number = setting(
        1.0,
        About(group=LABS, consumers=("hub", "generator"), unit="CPUs", example="0.5"),
        "CPUs that each lab may use at once; 0.5 is half a CPU.",
        ge=0.1,
        le=1024,
    )
    LAB_PIDS: Whole = setting(
        1024,
        About(group=LABS, consumers=("hub", "generator"), unit="processes and threads", example="2048"),
        "Processes and threads that each lab may have. The limit protects the machine from runaway programs.",
        ge=64,
        le=65536,
    )
    LAB_OPEN_FILES: Whole = setting(
        0,
        About(group=LABS, consumers=("hub", "generator"), unit="files", example="2000"),
        """Files that each process of a lab may have open. 0: up to 8192, and never so many that one lab could use more
        than half of the machine's limit (fs.file-max).""",
        ge=0,
        le=1_048_576,
    )
    LAB_LANG: Locale = setting(
        "C.UTF-8",
        About(group=LABS, consumers=("hub", "generator"), example="de_AT.UTF-8"),
        "Locale of the labs (LANG). Homeroom's own image has C.UTF-8; for another one, use an image that has it.",
    )
    LABS_PER_PERSON: Whole = setting(
        1,
        About(group=LABS, consumers=("hub",), unit="labs", example="2"),
        """Labs that a user may run at once. All but the first have names, and all share the user's home. Groups can set
        their own (`max_labs`).""",
        ge=1,
        le=100,
    )
    LAB_START_TIMEOUT_SECONDS: Whole = setting(
        120,
        About(group=LABS, consumers=("hub",), unit="seconds", example="60"),
        "How long a lab may take to start. After that the hub cancels the start and tells the user.",
        ge=10,
        le=3600,
    )
