"""What copies keep of grades that were sent: the records, and the key by which platforms know this hub."""

from __future__ import annotations

from generator.engine.kept import Kept
from generator.topics.lms.services import has_lms

KEEPS = (Kept(volume="lms", owner="990:100", databases=("lms.sqlite",), exists=has_lms),)
