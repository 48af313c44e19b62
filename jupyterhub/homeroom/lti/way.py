"""LTI as a way to sign in: people come from their course in a learning platform, which says who they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

from sqlalchemy.orm import Session
from traitlets import Bool, Dict, Enum, Float, List, Unicode

from homeroom.lti import consumers, memberships, pages, people, platform, records, registered, tool
from homeroom.lti.claims import DEPLOYMENT_ID, text
from homeroom.lti.consumers import Consumer
from homeroom.lti.deep_links import DeepLinkPage, DeepLinks
from homeroom.lti.keys import KeySets
from homeroom.lti.links import Links
from homeroom.lti.own_keys import OwnKeys
from homeroom.lti.platform import Platform
from homeroom.lti.registration import RegistrationPage
from homeroom.lti.service_keys import ServiceKeys
from homeroom.lti.signed_page import SignedLaunchPage
from homeroom.lti.validator import LaunchValidator
from homeroom.sign_in.way import Identity, Refused, Way
from homeroom.texts.said import say

PAGES = {
    "oauth_login": pages.LoginPage,
    "oauth_callback": pages.LaunchPage,
    "jwks": pages.KeySetPage,
    "config": pages.ConfigPage,
    "course": pages.CoursePage,
    "register": RegistrationPage,
    "deep_link": DeepLinkPage,
}
"""Below `/hub/lti13/`; the first two and `config` are where ltiauthenticator has them."""


class LTIWay(Way):
    """LTI 1.3, built on ltiauthenticator. One platform or many, in the configuration or registered by themselves; and
    those of the configuration that speak LTI 1.1."""

    name: ClassVar[str] = platform.WAY

    public_url = Unicode(config=True, help="The hub's address as people type it, with its base path and a slash.")
    platforms = List(
        Dict(), config=True, help="The platforms of site/lti.yaml: homeroom.lti.platform.Platform's fields."
    )
    consumers = List(
        Dict(), config=True, help="Platforms that speak LTI 1.1: homeroom.lti.consumers.Consumer's, without secrets."
    )
    names: Any = Enum(("readable", "pseudonyms"), "readable", config=True, help="What new people are called.")
    registered_courses: Any = Enum(
        (platform.MADE, platform.NONE),
        platform.NONE,
        config=True,
        help="Whether launches of platforms that registered themselves make courses.",
    )
    git_links = Bool(True, config=True, help="Whether labs can fetch a repository that a link names.")
    key_file = Unicode("/srv/data/lti_keys.json", config=True, help="The hub's own keys.")
    fetch_seconds = Float(5.0, config=True, help="For how long a platform is waited for that is asked for its keys.")
    tool_title = Unicode("JupyterLab", config=True, help="What platforms call this hub.")
    tool_description = Unicode("Notebooks in JupyterLab", config=True, help="What platforms say of this hub.")

    _app: Any = None

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.signing = consumers.read(self.consumers)
        self.keys = KeySets(fetch_seconds=self.fetch_seconds)
        self.own_keys = OwnKeys(Path(self.key_file))
        self.validator = LaunchValidator(parent=self)
        self.deep_links = DeepLinks(self)
        self.links = Links()
        self.service_keys = ServiceKeys()

    @property
    def _secret(self) -> bytes:
        """The hub's own secret, which pseudonyms are made with."""
        found: bytes = self._app.cookie_secret if self._app is not None else b"no hub"
        return found

    @property
    def base_path(self) -> str:
        """The path below which everything of this deployment lives."""
        return urlsplit(self.public_url).path or "/"

    def address(self, page: str) -> str:
        """The address of one of our pages."""
        return tool.address(self.public_url, page)

    def handlers(self, app: Any) -> list[tuple[str, type]]:
        """The pages of launches."""
        records.make_tables(app.db)
        self._app = app
        found: dict[str, type] = {f"/lti13/{path}": page for path, page in PAGES.items()}
        if self.signing:
            found[tool.SIGNED_LAUNCH] = SignedLaunchPage
        return [(path, type(page.__name__, (page,), {"way": self})) for path, page in found.items()]

    @property
    def launch_address(self) -> str:
        """Where launches of LTI 1.1 go, as people type it: they are signed for it."""
        return f"{self.public_url}hub{tool.SIGNED_LAUNCH}"

    def button(self, handler: Any) -> tuple[str, str] | None:
        """Leads to a page that says where a launch begins: it cannot begin here."""
        return self.title or str(say("lti.title")), f"{self.base_path}{tool.PAGES}course"

    def known(self, db: Session) -> list[Platform]:
        """All platforms, those that registered themselves last."""
        return [*map(platform.read, self.platforms), *registered.platforms(db)]

    def choose(self, db: Session, issuer: str, client_id: str, deployment_id: str = "") -> Platform:
        """The platform that a login or launch comes from. One of the configuration that is meant to the letter needs no
        look into the database.

        :raises Refused: there is none.
        """
        configured = list(map(platform.read, self.platforms))
        if found := platform.exact(configured, issuer, client_id, deployment_id):
            return found
        return platform.choose([*configured, *registered.platforms(db)], issuer, client_id, deployment_id)

    def identity(self, db: Session, come_from: Platform, claims: Mapping[str, Any]) -> Identity:
        """Who a verified token is about.

        :raises Refused: the deployment is none of ours, or the token is about nobody.
        """
        deployment_id = text(claims, DEPLOYMENT_ID)
        if deployment_id not in come_from.deployment_ids:  # another school of the same registration
            come_from = self.choose(db, come_from.issuer, come_from.client_id, deployment_id)
        if come_from.registered:
            registered.note_deployment(db, come_from, deployment_id)
        platform.check_deployment(come_from, deployment_id)
        self.links.note(db, come_from, claims)
        state = {"client_id": come_from.client_id, "issuer": come_from.issuer, "deployment_id": deployment_id}
        return self.person_of(db, come_from, claims, state)

    def person_of(
        self, db: Session, come_from: Platform | Consumer, claims: Mapping[str, Any], state: Mapping[str, str]
    ) -> Identity:
        """Who is meant by claims that are believed. Notes what they are in the course that they come from.

        :param state: what `refresh` knows by whether their platform is still one of ours.
        :raises Refused: that is nobody.
        """
        subject = text(claims, "sub")
        if not subject or len(subject) > 255:
            raise Refused(
                "anonymous",
                say("lti.no_person"),
                detail=f"platform {come_from.name}: no `sub`, or one of more than 255 characters",
            )
        subject = people.subject_of(come_from.issuer, subject)
        course, role = people.course_role(come_from.name, claims)
        said = self.names == "readable"
        return Identity(
            way=come_from.way,
            subject=subject,
            name=people.proposed_name(claims, self.names, people.pseudonym(self._secret, subject)),
            display_name=people.display_name(claims) if said else "",
            email=text(claims, "email")[:254] if said else "",
            groups=memberships.note(db, come_from.way, subject, course, role),
            locale=people.locale(claims),
            state=state,
        )

    async def refresh(self, identity: Identity) -> Identity | None:
        """The person, in the groups of their courses; None where the platform or their part of it is ours no more.
        The platform itself is not asked: LTI has no way to."""
        where = identity.state
        if "consumer_key" in where:
            if not any((each.way, each.key) == (identity.way, where["consumer_key"]) for each in self.signing):
                return None
            return self._in_their_groups(identity)
        for each in self.known(self._app.db):
            same = (each.way, each.issuer, each.client_id) == (
                identity.way,
                where.get("issuer"),
                where.get("client_id"),
            )
            if same and where.get("deployment_id") in each.deployment_ids:
                return self._in_their_groups(identity)
        return None

    def _in_their_groups(self, identity: Identity) -> Identity:
        groups = memberships.groups_of(self._app.db, identity.way, identity.subject)
        return dataclasses.replace(identity, groups=groups)

    def makes_courses(self, come_from: Platform) -> bool:
        """Whether launches of a platform make courses here."""
        said = self.registered_courses if come_from.registered else come_from.courses
        return bool(said == platform.MADE)

    def canvas_configuration(self) -> dict[str, Any]:
        """What Canvas reads to set its side up."""
        return tool.canvas_configuration(
            self.public_url, self.tool_title, self.tool_description, private=self.names == "pseudonyms"
        )

    def registration(self) -> dict[str, Any]:
        """What this hub asks of a platform at which it registers."""
        return tool.registration(
            self.public_url, self.tool_title, self.tool_description, private=self.names == "pseudonyms"
        )
