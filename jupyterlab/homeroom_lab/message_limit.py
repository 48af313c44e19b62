"""How large a message from the page to a kernel may be: a cell, or a file given to an upload widget.

The server holds such a message several times over until the kernel has it. Upstream cuts the connection at 10 MB and
says nothing; here the limit goes with the lab's memory, and the page refuses what is larger with a sentence.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from homeroom_lab.file_sizes import memory_bytes

LEAST_BYTES = 10 * 2**20
"""Upstream's."""
MOST_BYTES = 512 * 2**20
SHARE_OF_MEMORY = 16
TOLD = "homeroomMostMessageBytes"
"""Its name in the page's configuration."""


def most_bytes(environment: Mapping[str, str] = os.environ) -> int:
    """The limit for a lab with this environment; upstream's where its memory has none."""
    return min(MOST_BYTES, max(LEAST_BYTES, (memory_bytes(environment) or 0) // SHARE_OF_MEMORY))


def install(web_app: Any) -> None:
    """Have a server take such messages, and its page know how large they may be."""
    web_app.settings["websocket_max_message_size"] = most_bytes()
    web_app.settings.setdefault("page_config_data", {})[TOLD] = str(most_bytes())
