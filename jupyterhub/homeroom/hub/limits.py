"""What one user may have the hub keep: tokens, further labs, choices. All share its database."""

from __future__ import annotations

import json
from typing import Any

from jupyterhub.apihandlers.users import UserServerAPIHandler, UserTokenListAPIHandler
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.slugs import is_valid_safe_slug

from homeroom.hub import entrances
from homeroom.texts.refusal import Refusal
from jupyterhub import orm

MOST_TOKENS = 100
LONGEST_NOTE = 200
LONGEST_SCOPES = 2000
LONGEST_OPTIONS = 2000
"""Characters, as JSON."""
LONGEST_EXPIRY_SECONDS = 10 * 366 * 86400
LAB_FIELDS = frozenset({"name", "display_name", "user_options"})


class TokensHandler(UserTokenListAPIHandler):
    """`/hub/api/users/NAME/tokens`: a user has so many tokens, with short notes."""

    async def post(self, user_name: str) -> None:
        """Make a token.

        :raises HTTPError: 400, it is larger than a token has a reason to be, or there are too many; or a room refuses.
        """
        entrances.check(self, user_name, None)
        body = self.get_json_body()
        if isinstance(body, dict):
            _check_token(body)
        await super().post(user_name)
        user = self.find_user(user_name)
        own = self.db.query(orm.APIToken).filter_by(user_id=user.id, client_id="jupyterhub")
        if own.count() > MOST_TOKENS:
            orm.APIToken.purge_expired(self.db)
        if own.count() > MOST_TOKENS:
            self.db.delete(own.order_by(orm.APIToken.id.desc()).first())
            self.db.commit()
            raise Refusal(400, "limits.tokens", name=user_name, most=MOST_TOKENS)


def _check_token(body: dict[str, Any]) -> None:
    """:raises HTTPError: 400, what is asked for is no sensible token."""
    note, seconds = body.get("note"), body.get("expires_in")
    if note is not None and not isinstance(note, str):
        raise Refusal(400, "limits.token_note_text")
    if note and len(note) > LONGEST_NOTE:
        raise Refusal(400, "limits.token_note", most=LONGEST_NOTE)
    if len(json.dumps([body.get("scopes"), body.get("roles")])) > LONGEST_SCOPES:
        raise Refusal(400, "limits.token_scopes")
    if isinstance(seconds, int) and not 0 < seconds <= LONGEST_EXPIRY_SECONDS:
        raise Refusal(400, "limits.token_expiry")


class NamedLabs(BaseHandler):
    """Laid over pages that make named servers: says how many a user may have, and how they may be called."""

    async def _check_named_server_request(
        self, user: Any, server_name: str, display_name: str, check_limit: bool = True
    ) -> None:
        """See that a lab of this name may be there.

        :raises HTTPError: 403, this user has one lab only; 400, they have all they may have, or it is no name.
        """
        whose = "" if user.name == self.current_user.name else "_other"
        named = sorted(name for name in user.orm_spawners if name)
        further = user.spawner.most_labs - 1 if self.allow_named_servers else 0
        if server_name not in named:
            if further < 1:
                raise Refusal(403, f"limits.one_lab{whose}", name=user.name)
            if check_limit and len(named) >= further:
                raise Refusal(400, f"limits.labs{whose}", name=user.name, count=further, labs=named)
            if not is_valid_safe_slug(server_name):
                raise Refusal(400, "limits.lab_name")
        await super()._check_named_server_request(user, server_name, display_name, check_limit)


class LabsHandler(NamedLabs, UserServerAPIHandler):
    """`/hub/api/users/NAME/server` and `/servers/LAB`: what is kept of a choice is short."""

    def get_server_json_body(self) -> Any:
        """What is asked for. :raises HTTPError: 400, the choice is longer than any is."""
        body = super().get_server_json_body()
        _check_options(body.get("user_options"))
        return body

    async def patch(self, user_name: str, server_name: str = "") -> None:
        """Change a lab that does not run. :raises HTTPError: 400, there is no such thing to change."""
        body = self.get_json_body()
        if not isinstance(body, dict) or body.keys() - LAB_FIELDS:
            raise Refusal(400, "limits.lab_fields", fields=sorted(LAB_FIELDS))
        _check_options(body.get("user_options"))
        await super().patch(user_name, server_name)


def _check_options(options: Any) -> None:
    """:raises HTTPError: 400, the choice is longer than any is."""
    if len(json.dumps(options)) > LONGEST_OPTIONS:
        raise Refusal(400, "limits.lab_options", most=LONGEST_OPTIONS)


handlers = [
    (r"/api/users/([^/]+)/tokens", TokensHandler),
    (r"/api/users/([^/]+)/server", LabsHandler),
    (r"/api/users/([^/]+)/servers/([^/]*)", LabsHandler),
]
