"""Where copies go."""

from __future__ import annotations

from typing import Annotated, Literal

from generator.schema.setting import About, Group, Part, setting
from generator.schema.types import written_as

COPIES = Group(title="Copies", text="Where copies of everything go.", page="copies", order=70)
WORD = r"[A-Za-z0-9._~+-]+"
PLACE = rf"(?:/{WORD})+/?"
NAME = r"(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])"
HOST = rf"{NAME}(?::[0-9]{{1,5}})?"
FORMS = (
    PLACE,
    rf"sftp:{WORD}@{NAME}:/?{WORD}(?:/{WORD})*/?",
    rf"sftp://{WORD}@{HOST}/{PLACE}",
    rf"s3:(?:https?://)?{HOST}{PLACE}",
    rf"rest:https?://{HOST}(?:{PLACE}|/)?",
)
"""As restic writes its addresses. One with a password in it has none of these forms: that stands in secrets.env."""
Target = Annotated[
    str,
    written_as(
        f"(?:{'|'.join(FORMS)})?",
        "a directory such as /srv/copies, or an address of restic's without a password, such as "
        "sftp:hub@copies.example.edu:/srv/hub, s3:https://s3.example.edu/hub or rest:https://copies.example.edu/hub/",
    ),
]
TIME = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
Times = Annotated[str, written_as(f"(?:{TIME}(?:,{TIME})*)?", "a time such as 02:30, or several: 02:30,14:30")]
SPAN = "(?:[0-9]{1,4}[hdmy])+"
RULE = rf"(?:all|hourly|daily|weekly|monthly|yearly):{SPAN}"
Rules = Annotated[
    str,
    written_as(f"(?:{RULE}(?:,{RULE})*)?", "a list such as all:2d,daily:14d,weekly:2m,monthly:1y (h, d, m, y)"),
]


class CopiesSettings(Part):
    """Where copies go."""

    BACKUP_TO: Target = setting(
        "",
        About(
            group=COPIES,
            consumers=("compose", "hub", "generator"),
            unit="an address of restic's",
            example="/srv/copies",
        ),
        """Where `make backup` writes copies of homes, shares, accounts and settings: a directory of this machine that
        is there, or `sftp:user@host:/directory`, `s3:https://host/bucket`, `rest:https://host/`. Passwords of it stand
        in `backup/secrets.env`. Empty: no copies are made.""",
    )
    BACKUP_AT: Times = setting(
        "",
        About(group=COPIES, consumers=("generator",), unit="times of day", example="02:30"),
        """When `make backup` runs by itself, each day, by the machine's clock: `02:30`, or `02:30,14:30`. `make up`
        hands it to systemd or cron. Empty: only when you run it.""",
    )
    OWN_COPIES: Literal["on", "off"] = setting(
        "on",
        About(group=COPIES, consumers=("hub",), example="off"),
        """`on`: where there are copies, each person sees earlier versions of their own files on the home page, takes
        them back into their home, and downloads them. `off`: only `make restore` brings files back.""",
    )
    BACKUP_KEEP: Rules = setting(
        "all:2d,daily:14d,weekly:2m,monthly:1y",
        About(group=COPIES, consumers=("generator",), unit="spans of time", example="daily:7d,monthly:6m"),
        """Which copies are kept: of the last 2 days all, of 14 days one a day, of 2 months one a week, of a year one a
        month; hourly and yearly can be named too. Older ones are forgotten after each new copy. Empty: none is ever
        forgotten.""",
    )

    @property
    def shows_copies(self) -> bool:
        """Whether people see their own files in the copies."""
        return bool(self.BACKUP_TO) and self.OWN_COPIES == "on"
