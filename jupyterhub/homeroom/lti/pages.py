"""The pages of a launch: the login that begins it, and the launch itself, which signs somebody in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jupyterhub.handlers.base import BaseHandler
from ltiauthenticator.lti13.error import ValidationError
from tornado.httputil import url_concat

from homeroom.lti import arrivals, launches, target
from homeroom.lti.arrivals import Arrival
from homeroom.lti.claims import DEPLOYMENT_ID, MESSAGE_TYPE, text
from homeroom.lti.deep_links import request_of
from homeroom.lti.platform import WAY
from homeroom.lti.validator import header_of
from homeroom.sign_in.one_use import LIFE_SECONDS
from homeroom.sign_in.way import Identity, Refused, Unreachable, finish, refuse
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say

FRAMES = frozenset({"iframe", "frame", "embed", "object"})
"""What browsers call a page within another one, in `Sec-Fetch-Dest`."""
MOST_FORM_BYTES = 2**17
LOGIN_FIELDS = (
    "iss",
    "login_hint",
    "target_link_uri",
    "lti_message_hint",
    "client_id",
    "lti_deployment_id",
    "deployment_id",
)


class LTIPage(BaseHandler):
    """A page that platforms send people to. Their forms come from another site, so they carry no token of ours: the
    state and its cookie take its place."""

    way: ClassVar[Any]  # the `LTIWay` that it is a page of
    sent_from_elsewhere: ClassVar[bool] = True

    def check_xsrf_cookie(self) -> None:
        """Nothing: see the class."""

    def prepare(self) -> Any:
        """As the hub's.

        :raises HTTPError: 413, the form is larger than any launch.
        """
        if len(self.request.body) > MOST_FORM_BYTES:
            self.log.warning("Refused a form of %s bytes at %s", len(self.request.body), self.request.path)
            raise Refusal(413, "lti.large")
        return super().prepare()

    def field(self, name: str) -> str:
        """A value of the request, given once; empty where it is not there.

        :raises HTTPError: 400, it is given twice, or is no text.
        """
        values = self.get_arguments(name)
        if len(values) > 1:
            raise Refusal(400, "lti.twice", name=name)
        return values[0] if values else ""

    @property
    def is_framed(self) -> bool:
        """Whether the browser shows the answer within another page."""
        return self.request.headers.get("Sec-Fetch-Dest", "") in FRAMES

    async def offer_window(self, fields: Mapping[str, str], *, action: str) -> None:
        """A page for a frame: it has one button, which begins the same launch in a window. In the frame the browser
        keeps the hub's and the lab's cookies from us, and labs are in no frame."""
        self.set_header("Content-Security-Policy", "frame-ancestors *; default-src 'none'; style-src 'unsafe-inline'")
        self.set_header("Vary", "Sec-Fetch-Dest")
        self.set_header("Cache-Control", "no-store")
        self.finish(await self.render_template("lti-window.html", fields=fields, action=action))


class LoginPage(LTIPage):
    """Where a platform begins: it names itself and the person, and is sent back to with a state and a nonce."""

    async def get(self) -> None:
        """As `post`: platforms do either."""
        await self.post()

    async def post(self) -> None:
        """Begin a launch, or within a frame offer to begin it in a window.

        :raises HTTPError: 400, what a login needs is not there; 403, this platform is none of ours.
        """
        fields = {name: found for name in LOGIN_FIELDS if (found := self.field(name))}
        try:
            self.way.validator.validate_login_request(fields)
        except ValidationError as error:
            self.log.warning("Refused a login: %s", error)
            raise Refusal(400, "lti.no_login") from None
        deployment = fields.get("lti_deployment_id", "") or fields.get("deployment_id", "")
        try:
            platform = self.way.choose(self.db, fields["iss"], fields.get("client_id", ""), deployment)
        except Refused as refused:
            raise refuse(self, refused, way=WAY) from None
        if self.is_framed:
            await self.offer_window(fields, action=self.request.path)
            return
        begun = launches.begin(self.db, platform, deployment)
        self.set_cookie(
            launches.cookie_name(begun.state),
            begun.browser,
            max_age=LIFE_SECONDS,
            path=self.way.base_path,
            httponly=True,
            secure=True,
            samesite="None",  # the launch is a form that another site sends; `Lax` is lost after two minutes
        )
        answer = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": platform.client_id,
            "redirect_uri": self.way.address("oauth_callback"),
            "login_hint": fields["login_hint"],
            "state": begun.state,
            "nonce": begun.nonce,
        }
        if "lti_message_hint" in fields:
            answer["lti_message_hint"] = fields["lti_message_hint"]
        self.set_header("Cache-Control", "no-store")
        self.redirect(url_concat(platform.authorize_url, answer))


class LaunchPage(LTIPage):
    """Where the platform sends the person with a token that says who they are."""

    _landing = ""
    _links_wanted: Mapping[str, Any] | None = None
    _platform = _name = _subject = ""
    _arrival: Arrival | None = None

    async def get(self) -> None:
        """:raises HTTPError: 405, a launch is a form that is sent."""
        raise Refusal(405, "lti.from_course")

    async def post(self) -> None:
        """Sign the person in, and lead to what they came for.

        :raises HTTPError: 403, the launch is not taken; 503, the platform's keys cannot be had.
        """
        try:
            identity, claims = await self._verified()
            if claims[MESSAGE_TYPE] == "LtiDeepLinkingRequest":
                self._links_wanted = request_of(claims)
        except Refused as refused:
            raise refuse(self, refused, way=self._platform or WAY, name=self._name, subject=self._subject) from None
        except Unreachable as error:
            self.log.error("A launch could not be checked: %s", error)
            raise Refusal(503, "lti.unreachable") from None
        self._landing = target.landing(claims, self.way.public_url)
        await finish(self, identity)

    async def _verified(self) -> tuple[Identity, dict[str, Any]]:
        """Who comes, and the claims; the login is used up.

        :raises Refused: anything is not as it should be.
        :raises Unreachable: the platform's keys cannot be had.
        """
        state, token = self.field("state"), self.field("id_token")
        if not state or not token:
            said = self.field("error_description") or self.field("error")
            raise Refused(
                "no-token",
                say("lti.no_person") + launches.AGAIN,
                detail=f"the platform said {said[:200]!r}",
            )
        name = launches.cookie_name(state)
        launch = launches.find(self.db, state, self.get_cookie(name))
        self.clear_cookie(name, path=self.way.base_path, secure=True, samesite="None", httponly=True)
        platform = self.way.choose(self.db, launch.issuer, launch.client_id, launch.deployment_id)
        self._platform = platform.way
        kid, algorithm = header_of(token, platform)
        key = await self.way.keys.key(platform.jwks_url, kid, algorithm, platform.certificate)
        claims = self.way.validator.verify(token, key, algorithm, platform)
        self._name, self._subject = text(claims, "name"), text(claims, "sub")
        launches.take(self.db, launch, claims["nonce"])
        identity = self.way.identity(self.db, platform, claims)
        platform = self.way.choose(self.db, platform.issuer, platform.client_id, text(claims, DEPLOYMENT_ID))
        self._arrival = arrivals.of_claims(platform, claims, makes_courses=self.way.makes_courses(platform))
        return identity, claims

    async def login_user(self, data: Any = None) -> Any:
        """As the hub's; whoever was let in arrives before they are led on."""
        user = await super().login_user(data)
        if user is not None and self._arrival is not None:
            arrivals.tell(self, user, self._arrival)
        return user

    def get_next_url(self, user: Any = None, default: Any = None) -> str:
        """Where the launch leads. Nothing that the request itself says counts for it."""
        if self._links_wanted is not None:
            page: str = self.way.deep_links.page_for(self.db, user.name, self._links_wanted)
            return page
        return self._landing or f"{self.way.base_path}hub/"


class KeySetPage(BaseHandler):
    """The hub's public keys, by which platforms check what it signs."""

    way: ClassVar[Any]  # the `LTIWay` that it is a page of

    async def get(self) -> None:
        """The key set."""
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "max-age=300")
        own = await self.way.own_keys.public_set()
        self.finish({"keys": [*own["keys"], *await self.way.service_keys.current()]})


class ConfigPage(BaseHandler):
    """What Canvas, and platforms like it, read to set their side up."""

    way: ClassVar[Any]  # the `LTIWay` that it is a page of

    async def get(self) -> None:
        """The configuration as JSON, with the addresses that people type: what a request says of its host is not
        believed."""
        self.set_header("Content-Type", "application/json")
        self.finish(self.way.canvas_configuration())


class CoursePage(BaseHandler):
    """Where the sign-in page's button leads: a launch begins in the course, and nowhere else."""

    way: ClassVar[Any]  # the `LTIWay` that it is a page of

    async def get(self) -> None:
        """The page."""
        issuers = {each.issuer for each in self.way.known(self.db)}
        issuers |= {each.url for each in self.way.signing if each.url}
        self.finish(await self.render_template("lti-course.html", issuers=sorted(issuers)))
