"""What copies keep of people: who was removed, and what was done."""

from __future__ import annotations

from generator.engine.kept import Kept
from generator.topics.people.records import VOLUME

KEEPS = (Kept(volume=VOLUME, owner="0:100"),)
