"""Whether courses are made by launches."""

from __future__ import annotations

import re
from pathlib import Path

from generator.schema.settings import Settings
from generator.topics.lti.site import LTI_FILE
from generator.topics.lti.ways import LTI

MADE = "made"


def make_courses(settings: Settings, site: Path) -> bool:
    """Whether `site/lti.yaml` says so of a platform; what is wrong with the file is told elsewhere."""
    if LTI not in settings.ways:
        return False
    try:
        text = (site / LTI_FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(re.search(rf"^[^#\n]*\b(?:registered_)?courses:\s*[\"']?{MADE}\b", text, re.MULTILINE))
