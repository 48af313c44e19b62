"""What the hub keeps of a person, for the person: a file to download."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from jupyterhub.handlers.base import BaseHandler
from tornado import web

from homeroom.people.export import collected
from homeroom.records.events import note_of


class OwnDataHandler(BaseHandler):
    """`/hub/homeroom/my-data`: one's own, and nobody else's: no name is taken from the address."""

    @web.authenticated
    async def get(self) -> None:
        """Hand it out."""
        name = self.current_user.name
        found = await asyncio.to_thread(collected, Path(str(self.db.get_bind().url.database)), name)
        note_of(self, "user-export", name, why="account data, on the home page")
        self.db.commit()
        self.set_header("Content-Type", "application/json")
        self.set_header("Content-Disposition", 'attachment; filename="my-data.json"')
        self.set_header("Cache-Control", "no-store")
        self.finish(json.dumps(found, indent=2, default=str))
