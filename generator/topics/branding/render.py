"""What the pages look like, for the hub: a file that it reads again when it changes, so nothing is restarted for it."""

from __future__ import annotations

import json

from generator.rendering.context import Context, Rendered
from generator.topics.branding import branding

FILE = "branding.json"
FILES = {FILE: "pages"}
"""No service reads it at its start."""


def render(context: Context) -> Rendered:
    """The file."""
    said = branding.load(context.site).model_dump()
    return Rendered(files={FILE: json.dumps(said, indent=2, ensure_ascii=False) + "\n"})
