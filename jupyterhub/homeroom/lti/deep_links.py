"""Deep linking: a teacher chooses in the platform's editor what a link opens, and the platform keeps it."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from jupyterhub.handlers.base import BaseHandler
from sqlalchemy.orm import Session
from tornado import web

from homeroom.hub.lab_pages import file_path, pull_path
from homeroom.lti.claims import (
    CONTENT_ITEMS,
    DEEP_LINK_DATA,
    DEEP_LINKING_SETTINGS,
    DEPLOYMENT_ID,
    MESSAGE_TYPE,
    ROLES,
    VERSION,
    mapping,
    text,
)
from homeroom.lti.people import role_of
from homeroom.lti.records import DeepLink, purge
from homeroom.lti.registration import is_safe
from homeroom.sign_in.one_use import hashed
from homeroom.sign_in.way import Refused
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say

LIFE_SECONDS = 3600
TOKEN_SECONDS = 300
LONGEST_TITLE = 200
KINDS = ("notebook", "folder", "git")


def request_of(claims: Mapping[str, Any]) -> dict[str, Any]:
    """What of a request for links is needed to answer it.

    :raises Refused: the person does not teach there, or the platform wants no links of ours, or has no safe address.
    """
    settings = mapping(claims, DEEP_LINKING_SETTINGS)
    accepted = settings.get("accept_types")
    if role_of(claims.get(ROLES)) not in ("instructor", "assistant"):
        raise Refused("not-a-teacher", say("lti.no_teacher"), detail="a deep linking request")
    if not isinstance(accepted, list) or "ltiResourceLink" not in accepted:
        raise Refused("no-links-wanted", say("lti.no_links"), detail=f"accepts {accepted!r}")
    if not is_safe(text(settings, "deep_link_return_url")):
        raise Refused(
            "bad-return-address",
            say("lti.no_return"),
            detail=f"deep_link_return_url {text(settings, 'deep_link_return_url')!r} is no https:// address",
        )
    return {
        "platform": claims["iss"],
        "client_id": claims.get("azp") or (claims["aud"] if isinstance(claims["aud"], str) else claims["aud"][0]),
        "deployment_id": claims[DEPLOYMENT_ID],
        "return_url": text(settings, "deep_link_return_url"),
        "data": settings.get("data"),
    }


def answer_to(request: Mapping[str, Any], items: list[dict[str, Any]], now: int) -> dict[str, Any]:
    """The claims of the answer, with what was chosen; nothing: it was cancelled."""
    claims = {
        "iss": request["client_id"],
        "aud": request["platform"],
        "iat": now,
        "exp": now + TOKEN_SECONDS,
        "nonce": secrets.token_hex(16),
        MESSAGE_TYPE: "LtiDeepLinkingResponse",
        VERSION: "1.3.0",
        DEPLOYMENT_ID: request["deployment_id"],
        CONTENT_ITEMS: items,
    }
    return claims if request["data"] is None else {**claims, DEEP_LINK_DATA: request["data"]}


def chosen(public_url: str, kind: str, where: str, branch: str, file: str, title: str) -> dict[str, Any] | None:
    """The link to what was chosen, as a content item; None where it is no path or address.

    The choice stands in the address and in custom parameters: some platforms open the one, some the other.
    """
    if kind == "git":
        path, custom = pull_path(public_url, where, branch, file), {"git": where, "branch": branch, "open": file}
    else:
        path, custom = file_path(public_url, where), {kind: where}
    if not path:
        return None
    origin = urlsplit(public_url)
    return {
        "type": "ltiResourceLink",
        "title": title[:LONGEST_TITLE] or where.rstrip("/").rsplit("/", 1)[-1],
        "url": f"{origin.scheme}://{origin.netloc}{path}",
        "custom": {name: value for name, value in custom.items() if value},
    }


class DeepLinks:
    """Requests of platforms that wait for a teacher's choice."""

    def __init__(self, way: Any) -> None:
        self._way = way

    def page_for(self, db: Session, user: str, request: Mapping[str, Any]) -> str:
        """Keep a request for a user, and the path of the page that answers it."""
        key, now = secrets.token_urlsafe(24), int(time.time())
        purge(db, DeepLink, now)
        db.add(DeepLink(key=hashed(key), user=user, data=json.dumps(request), expires=now + LIFE_SECONDS))
        db.commit()
        return f"{self._way.base_path}hub/lti13/deep_link?key={key}"

    def find(self, db: Session, user: str, key: str) -> DeepLink | None:
        """A user's request that waits; None where it was answered, is too old, or is somebody else's."""
        found = db.get(DeepLink, hashed(key))
        return found if found is not None and found.expires >= time.time() and found.user == user else None


class DeepLinkPage(BaseHandler):
    """The page on which a teacher chooses. It opens for the one who was led to it."""

    way: ClassVar[Any]  # the `LTIWay` that it is a page of

    @web.authenticated
    async def get(self) -> None:
        """The choice."""
        await self._show(self._waiting())

    @web.authenticated
    async def post(self) -> None:
        """Answer the platform: a page whose form the browser sends there."""
        waiting = self._waiting()
        request = json.loads(str(waiting.data))
        items = []
        if not self.get_body_argument("cancel", ""):
            item = self._item()
            if item is None:
                await self._show(waiting, fault=True)
                return
            items.append(item)
        token = await self.way.own_keys.sign(answer_to(request, items, int(time.time())))
        self.db.delete(waiting)
        self.db.commit()
        self.log.info("%s chose a link for %s", self.current_user.name, request["platform"])
        self.finish(await self.render_template("lti-answer.html", token=token, action=request["return_url"]))

    def _item(self) -> dict[str, Any] | None:
        kind = self.get_body_argument("kind", "")
        if kind not in KINDS or (kind == "git" and not self.way.git_links):
            return None
        where, branch, file, title = (
            self.get_body_argument(name, "").strip() for name in ("where", "branch", "open", "title")
        )
        return chosen(self.way.public_url, kind, where, branch, file, title)

    def _waiting(self) -> DeepLink:
        """:raises HTTPError: 404, it was answered already, or is too old."""
        key = self.get_argument("key", "")
        found: DeepLink | None = self.way.deep_links.find(self.db, self.current_user.name, key)
        if found is None:
            raise Refusal(404, "lti.no_choice")
        return found

    async def _show(self, waiting: DeepLink, *, fault: bool = False) -> None:
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_status(400 if fault else 200)
        page = await self.render_template(
            "lti-deep-link.html",
            key=self.get_argument("key"),
            fault=fault,
            git_links=self.way.git_links,
            given={name: self.get_argument(name, "") for name in ("kind", "where", "branch", "open", "title")},
        )
        self.finish(page)
