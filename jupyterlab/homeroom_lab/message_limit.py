"""How large a message from the page to a kernel may be: a cell, or a file given to an upload widget.

Server and kernel hold such a message many times over until it has run. Upstream cuts the connection at 10 MB and says
nothing; here the limit goes with the lab's memory, so that what is sent runs; what is larger the page refuses in a
sentence.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from homeroom_lab.file_sizes import memory_bytes

UPSTREAMS_BYTES = 10 * 2**20
LEAST_BYTES = 2 * 2**20
MOST_BYTES = 512 * 2**20
COPIES = 24
"""How often a cell is in memory while it runs, at most. Measured with one long text in it: 23, of server and kernel."""
AT_REST_BYTES = 200 * 2**20
"""What a server and a kernel take that do nothing; measured: 145 MB."""
TOLD = "homeroomMostMessageBytes"
"""Its name in the page's configuration."""


def most_bytes(environment: Mapping[str, str] = os.environ) -> int:
    """The limit for a lab with this environment; upstream's where its memory has none."""
    memory = memory_bytes(environment)
    return UPSTREAMS_BYTES if memory is None else min(MOST_BYTES, max(LEAST_BYTES, (memory - AT_REST_BYTES) // COPIES))


def install(web_app: Any) -> None:
    """Have a server take such messages, and its page know how large they may be."""
    web_app.settings["websocket_max_message_size"] = most_bytes()
    web_app.settings.setdefault("page_config_data", {})[TOLD] = str(most_bytes())
