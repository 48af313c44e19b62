"""What the pages about accounts that are for administrators share."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from nativeauthenticator.orm import UserInfo
from sqlalchemy import func

from homeroom.sign_in.known_names import account_of
from homeroom.sign_in.pages.form import LONGEST_NAME, STALE, FormHandler
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import text
from jupyterhub import orm

SHOWN_AT_ONCE = 100
LONGEST_SEARCH = 64


class AdministratorHandler(FormHandler):
    """A page for administrators."""

    @property
    def is_allowed(self) -> bool:
        """Whether whoever asks may see it; asked where a form is shown again, since a stale one is nobody's word."""
        return self.current_user is not None and bool(self.has_scope("admin:users"))

    def account(self, name: str) -> Any:
        """Somebody's account. :raises HTTPError: 404, there is none."""
        found = account_of(self.db, name)
        if found is None:
            raise Refusal(404, "accounts.list.no_account", name=name[:LONGEST_NAME])
        return found

    def is_administrator(self, name: str) -> bool:
        """Whether a person is one, by the configuration or by the page *Admin*."""
        user = orm.User.find(self.db, name)
        return name in self.authenticator.admin_users or (user is not None and bool(user.admin))

    def once_more(self) -> tuple[str, dict[str, Any]] | None:
        """The list of accounts once more, for whoever may see it."""
        if not self.is_allowed:
            return None
        return "authorization-area.html", {**self.accounts(), "alert": "alert-warning", "result_message": text(STALE)}

    def back(self) -> None:
        """Go back to the list, as it was searched."""
        kept = {name: value for name in ("find", "page") if (value := self.get_query_argument(name, ""))}
        self.redirect(f"{self.hub.base_url}authorize" + (f"?{urlencode(kept)}" if kept else ""))

    def accounts(self) -> dict[str, Any]:
        """The part of the list that is asked for: who waits first, then by name."""
        find = self.get_query_argument("find", "").strip().lower()[:LONGEST_SEARCH]
        found = self.db.query(UserInfo).populate_existing()
        if find:
            found = found.filter(UserInfo.username.contains(find, autoescape=True))
        total = found.count()
        pages = max(1, math.ceil(total / SHOWN_AT_ONCE))
        asked = self.get_query_argument("page", "1")
        page = min(pages, max(1, int(asked))) if asked.isascii() and asked.isdecimal() and len(asked) < 9 else 1
        order = (func.coalesce(UserInfo.is_authorized, False), UserInfo.username)
        shown = found.order_by(*order).offset((page - 1) * SHOWN_AT_ONCE).limit(SHOWN_AT_ONCE).all()
        admins = {name for (name,) in self.db.query(orm.User.name).filter(orm.User.admin)}
        return {
            "users": shown,
            "total": total,
            "waiting": self.db.query(UserInfo).filter(UserInfo.is_authorized.is_not(True)).count(),
            "administrators": admins | self.authenticator.admin_users,
            "ask_email": self.authenticator.accounts.ask_email_on_signup,
            "find": find,
            "page": page,
            "pages": pages,
            "first": (page - 1) * SHOWN_AT_ONCE + 1,
            "kept": "?" + urlencode({"find": find, "page": page}) if find or page > 1 else "",
        }
