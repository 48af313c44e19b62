"""`/hub/homeroom/show`: showing one's lab to a tutor, and ending that; and what the lab asks for."""

from __future__ import annotations

from typing import Any

from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.scopes import needs_scope
from jupyterhub.utils import url_path_join
from tornado import web

from homeroom.courses import called
from homeroom.courses.courses_file import Courses
from homeroom.showing import records
from homeroom.showing.show import NotShown, Show, begin, closes_what_is_open, end
from homeroom.texts.refusal import Refusal

SPANS = (15, 30, 60, 120)
"""Minutes that are offered, as far as they are not more than somebody may."""


def spans(most: int) -> list[int]:
    """The minutes that are offered, the longest last."""
    return [*(span for span in SPANS if span < most), most]


class ShowHandler(BaseHandler):
    """POST: let a tutor into one's own lab, or, with `end`, no more."""

    @web.authenticated
    async def get(self) -> None:
        """Who comes by a link or a reload is shown the home page; nothing is done."""
        self.redirect(url_path_join(self.hub.base_url, "home"))

    @web.authenticated
    async def post(self) -> None:
        """Do it and go to the home page."""
        user = self.current_user
        if self.get_body_argument("end", ""):
            found = records.of_owner(self.db, user.name)
            if found is not None:
                self.log.info("%s shows their lab no more", user.name)
                end(self.db, user.name, found.tutor, "stopped")
        else:
            await self._begin(user)
        self.redirect(url_path_join(self.hub.base_url, "home"))

    async def _begin(self, user: Any) -> None:
        config = self.settings["config"]
        most = Show.instance(config=config).minutes
        course, _, tutor = self.get_body_argument("tutor", "").partition(":")
        minutes = self.get_body_argument("minutes", str(most))
        if not most or minutes not in map(str, spans(most)):
            raise Refusal(403, "showing.wrong.off")
        if user.spawner.ready and not await closes_what_is_open(user, self.base_url):
            raise Refusal(409, "showing.wrong.image")
        courses = Courses.instance(config=config).read()
        try:
            begin(self.db, user, course, tutor, int(minutes), courses)
        except NotShown as error:
            raise Refusal(409, error.key) from None
        self.log.info("%s shows their lab to %s for %s minutes", user.name, tutor, minutes)


class ShownHandler(APIHandler):
    """GET `/hub/api/homeroom/showing/NAME`: what a lab tells its user of who may be in it."""

    @needs_scope("users:activity")
    def get(self, user_name: str) -> None:
        """Answer."""
        found = records.of_owner(self.db, user_name)
        shown = None
        if found is not None:
            tutor = called.as_signed_in(self.db, [found.tutor])[found.tutor]
            shown = {"tutor": tutor, "left_seconds": records.left_seconds(found)}
        self.finish({"showing": shown})
