"""ClassSpawner: the part of a lab that is started for a lesson and waits for its person."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from jupyterhub.orm import APIToken

from homeroom.culling.culling import ClassStart, Facts
from homeroom.queue.places import Need, Places, who_gives_way
from homeroom.spawner.gpu_labs import GPUSpawner


class ClassSpawner(GPUSpawner):
    """What LabSpawner does about labs that are started before anybody asks for them.

    `class_start` is set before such a start, and LabSpawner keeps it in the lab's facts.
    """

    class_start: ClassStart | None = None
    """What the next start is for; nothing where the person asks themselves."""
    _facts: Facts | None = None

    @property
    def places(self) -> Places:
        """The line before the machine; LabSpawner has it."""
        raise NotImplementedError

    @property
    def facts(self) -> Facts | None:
        """What is known of the running lab."""
        self.note_opening()
        return self._facts

    def note_opening(self) -> None:
        """Record that somebody has opened the lab. They were given a token for it, which goes when they sign out."""
        if self._facts and self._facts.unopened:
            tokens = self.user.db.query(APIToken.id).filter(APIToken.client_id == self.oauth_client_id)
            if tokens.first() is not None:
                self._facts = replace(self._facts, opened=True)
                self.save_state()

    @property
    def unopened(self) -> bool:
        """Whether the lab was started for a lesson and nobody has been in it."""
        return self.facts is not None and self.facts.unopened

    def save_state(self) -> None:
        """Record what is known of the lab now: the hub may be killed before it does so by itself."""
        self.orm_spawner.state = self.get_state()
        self.db.commit()

    def keep_for(self, start: ClassStart) -> None:
        """Have a lab that nobody has opened wait for another lesson too."""
        if self._facts is not None and self._facts.keep_until < start.keep_until:
            self._facts = replace(self._facts, lesson_at=start.lesson_at, keep_until=start.keep_until)
            self.save_state()

    async def make_room(self, missing: Need) -> bool:
        """Stop labs that nobody has opened yet, those of the latest lesson first, for somebody who stands in line.

        :returns: whether room was made.
        """
        everyone = (lab for user in self.user.settings["users"].values() for lab in user.spawners.values())
        unopened = {lab.key: lab for lab in everyone if lab.ready and lab.unopened}
        ordered = sorted(unopened, key=lambda key: unopened[key].facts.lesson_at, reverse=True)
        needs = {key: one.need for key, one in self.places.seen.items()}
        going = who_gives_way([(key, needs[key]) for key in ordered if key in needs], missing)
        await asyncio.gather(*(unopened[key].give_up() for key in going))
        return bool(going)

    async def give_up(self) -> None:
        """Stop a running lab from within the hub, as the hub's own pages do."""
        self.log.info("Stopping the lab of %s, which nobody opened: somebody waits for a place", self.user.name)
        self._stop_pending = True
        try:
            await self.user.settings["proxy"].delete_user(self.user, self.name)
            await self.user.stop(self.name)
        finally:
            self._stop_pending = False
