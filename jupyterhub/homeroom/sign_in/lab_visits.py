"""Administrators in other people's labs: whether they may be there, and that the person is told.

`ADMIN_ACCESS=on`: an administrator may open a lab of somebody else; it is in the log, and on that person's home page
for two weeks. `off`: they may not, and may not give themselves what would open it: a token of that person, or a share.
"""

from __future__ import annotations

import time
from typing import Any

from jupyterhub.apihandlers.auth import OAuthAuthorizeHandler
from jupyterhub.orm import Base, OAuthClient
from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.hub import entrances
from homeroom.hub.service_names import is_of_service
from jupyterhub import roles

OPENS_LABS = frozenset({"access:servers", "shares", "tokens"})
"""Scopes of JupyterHub's administrators by which they come into labs."""
TOLD_SECONDS = 14 * 86400
MOST_TOLD = 20
_default_roles = roles.get_default_roles


class LabVisit(Base):
    """An administrator opened somebody's lab. The hub makes the table when it starts."""

    __tablename__ = "homeroom_lab_visits"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    owner: Mapped[str] = mapped_column(String(255), nullable=False, index=True)
    visitor: Mapped[str] = mapped_column(String(255), nullable=False)
    at: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """In seconds since 1970."""


def keep(db: Session, owner: str, visitor: str) -> None:
    """Keep a visit, and of the owner's only the last ones. Commits."""
    now = int(time.time())
    db.query(LabVisit).filter(LabVisit.at < now - TOLD_SECONDS).delete()
    db.add(LabVisit(owner=owner, visitor=visitor, at=now))
    db.flush()
    latest = db.query(LabVisit).filter(LabVisit.owner == owner).order_by(LabVisit.id.desc())
    for old in latest.offset(MOST_TOLD):
        db.delete(old)
    db.commit()


class Visits:
    """What the home page asks for; other pages do not, and cost no question to the database."""

    def of_owner(self, user: Any) -> list[dict[str, str]]:
        """Who opened a person's lab: the latest first, times in UTC."""
        return of_owner(user)


def of_owner(user: Any) -> list[dict[str, str]]:
    """Who opened a person's lab: the latest first, times in UTC."""
    found = user.db.query(LabVisit).filter(LabVisit.owner == user.name).order_by(LabVisit.id.desc())
    since = int(time.time()) - TOLD_SECONDS
    shown = [visit for visit in found if visit.at >= since]
    return [{"visitor": v.visitor, "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime(v.at))} for v in shown]


def close_labs_to_administrators() -> None:
    """Have JupyterHub's role for administrators be without what opens other people's labs. Their own stay open to them.

    JupyterHub refuses another role of that name, so what it takes for its own is changed, before it makes its roles.
    """
    roles.get_default_roles = _roles_without_labs


def _roles_without_labs() -> list[dict[str, Any]]:
    """JupyterHub's own roles, that of administrators without what opens labs."""
    found: list[dict[str, Any]] = _default_roles()
    for role in found:
        if role["name"] == "admin":
            role["scopes"] = [scope for scope in role["scopes"] if scope not in OPENS_LABS]
    return found


class AuthorizeHandler(OAuthAuthorizeHandler):
    """`/hub/api/oauth2/authorize`: the way of a browser into a lab; one into somebody else's is kept."""

    def needs_oauth_confirm(self, user: Any, oauth_client: Any, requested_scopes: Any) -> bool:
        """Whether somebody is asked first whether the lab may know who they are; not where several enter it, and its
        owner is nobody."""
        owner = self._owner(oauth_client)
        if owner is not None and is_of_service(owner):
            return False
        return bool(super().needs_oauth_confirm(user, oauth_client, requested_scopes))

    def send_oauth_response(self, headers: Any, body: Any, status: int) -> None:
        """Let the browser in, and keep whose lab it is. :raises HTTPError: a room refuses."""
        client = self.db.query(OAuthClient).filter_by(identifier=self.get_argument("client_id", "")).first()
        owner, lets_in = self._owner(client), "code=" in headers.get("Location", "")
        if owner is not None and lets_in:
            entrances.check(self, owner, client.spawner.name)
        super().send_oauth_response(headers, body, status)
        if not lets_in:
            return
        if owner is not None and is_of_service(owner):
            self.log.info("%s enters the shared lab %s", self.current_user.name, owner)
        elif owner is not None and owner != self.current_user.name:
            self.log.warning("%s opens the lab of %s", self.current_user.name, owner)
            keep(self.db, owner, self.current_user.name)

    @staticmethod
    def _owner(client: Any) -> str | None:
        """Whose lab a client is; None where it is none."""
        return str(client.spawner.user.name) if client is not None and client.spawner is not None else None


handlers = [(r"/api/oauth2/authorize", AuthorizeHandler)]
