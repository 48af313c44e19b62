"""The page that the web server in front protects: who reaches it has signed in there."""

from __future__ import annotations

from typing import Any

from jupyterhub.handlers.base import BaseHandler

from homeroom.sign_in.way import Refused, finish, refuse


class SsoHandler(BaseHandler):
    """`/hub/sso/login`."""

    way: Any

    async def get(self) -> None:
        """Sign in whoever the web server in front names.

        :raises HTTPError: 403, it names nobody, or not somebody who may; the refusal is kept.
        """
        self.set_header("Cache-Control", "no-store")
        try:
            identity = self.way.recognise(self)
        except Refused as refused:
            raise refuse(self, refused, way=self.way.name) from None
        await finish(self, identity)
