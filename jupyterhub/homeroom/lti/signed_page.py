"""The page to which platforms that speak LTI 1.1 send people: one form, which signs somebody in."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from homeroom.lti import nonces, signed_launch, target
from homeroom.lti.consumers import Consumer
from homeroom.lti.consumers import choose as choose_consumer
from homeroom.lti.pages import LTIPage
from homeroom.lti.platform import WAY
from homeroom.lti.signed_claims import claims_of
from homeroom.lti.signed_launch import SignedLaunch
from homeroom.sign_in.way import Identity, Refused, finish, refuse
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say


class SignedLaunchPage(LTIPage):
    """A launch of LTI 1.1."""

    _landing = ""
    _way, _name, _subject = WAY, "", ""

    async def get(self) -> None:
        """:raises HTTPError: 405, a launch is a form that is sent."""
        raise Refusal(405, "lti.from_course")

    async def post(self) -> None:
        """Sign the person in, and lead to what they came for; within a frame offer to do so in a window.

        :raises HTTPError: 403, the launch is not taken.
        """
        try:
            launch = signed_launch.read(self.request.body, self.request.query)
            consumer = choose_consumer(self.way.signing, launch.key)
            self._way = consumer.way
            self._check_origin(consumer)
            if self.is_framed:  # a refusal would not be seen there, so the window asks, and this launch is not used yet
                await self.offer_window(dict(launch.form), action=self._action)
                return
            identity = self._taken(launch, consumer)
        except Refused as refused:
            raise refuse(self, refused, way=self._way, name=self._name, subject=self._subject) from None
        await finish(self, identity)

    def _taken(self, launch: SignedLaunch, consumer: Consumer) -> Identity:
        """Who comes; the launch is used up.

        :raises Refused: anything is not as it should be.
        """
        address = self.way.launch_address
        signed_launch.verify(launch, consumer, address, time.time())
        nonces.take(self.db, consumer, launch)
        claims = claims_of(launch, address)
        self._name, self._subject = str(claims["name"]), str(claims["sub"])
        self._landing = target.landing(claims, self.way.public_url)
        found: Identity = self.way.person_of(self.db, consumer, claims, {"consumer_key": consumer.key})
        return found

    @property
    def _action(self) -> str:
        """Where a frame's button sends the launch: to the same address, query and all."""
        return f"{self.request.path}?{self.request.query}" if self.request.query else self.request.path

    def _check_origin(self, consumer: Consumer) -> None:
        """See that the form was sent by a page of the platform, where the configuration says where that is: a launch
        of LTI 1.1 does not say for whose browser it was made, so another website could sign people in as its own.

        :raises Refused: another website's page sent it, or the browser does not say whose.
        """
        origin = self.request.headers.get("Origin", "")
        if consumer.url and origin not in (_origin(consumer.url), _origin(self.way.public_url)):
            raise Refused(
                "wrong-origin",
                say("lti.other_website"),
                detail=f"{consumer.name}: sent by a page of {origin[:100] or 'nobody'}, not of {consumer.url}",
                remedy=f"If it is the platform's, correct `url` of {consumer.name} in site/lti.yaml, or take it away.",
            )

    def get_next_url(self, user: Any = None, default: Any = None) -> str:
        """Where the launch leads. Nothing that the request says beside it counts."""
        return self._landing or f"{self.way.base_path}hub/"


def _origin(address: str) -> str:
    """An address's origin, as browsers write it."""
    parts = urlsplit(address)
    port = parts.port
    default = {"https": 443, "http": 80}.get(parts.scheme)
    return f"{parts.scheme}://{parts.hostname}" + (f":{port}" if port and port != default else "")
