"""The hub's one authenticator: it holds the ways to sign in, and decides who gets in as whom."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, TypeVar

from jupyterhub.auth import Authenticator
from jupyterhub.orm import User
from sqlalchemy.orm import Session
from tornado import web
from traitlets import Bool, Dict, Integer, Set, Unicode, default
from traitlets.utils.importstring import import_item

from homeroom.contract import records
from homeroom.hub import newcomers
from homeroom.hub.service_names import is_of_service
from homeroom.sign_in import (
    identities,
    known_browsers,
    known_names,
    lab_visits,
    linking,
    one_use,
    provided_groups,
    refusals,
    removed,
    roster,
    sessions,
)
from homeroom.sign_in.admission import REMEDY, Admission
from homeroom.sign_in.attempts import Attempts, side_of
from homeroom.sign_in.authenticator import AccountAuthenticator
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.linking import Wish
from homeroom.sign_in.lists import PeopleFile
from homeroom.sign_in.marks import LEAVING, REMOVED
from homeroom.sign_in.names import PlainNames
from homeroom.sign_in.native import NativeWay
from homeroom.sign_in.pages import routes
from homeroom.sign_in.refusals import Attempt
from homeroom.sign_in.staying import Staying
from homeroom.sign_in.way import Identity, Refused, Unreachable, Way
from homeroom.texts import language
from homeroom.texts.refusal import Refusal
from homeroom.texts.said import say

T = TypeVar("T")


class SignIn(PlainNames, Authenticator):
    """Several ways to sign in, and one table of who is whom.

    - A way says who somebody is; here it is decided whether they get in: block lists first, then the way's rules or the
      allow list. Nothing else admits anybody: `allow_all` and `allowed_users` of JupyterHub's own do not count.
    - A person is (way, subject), letter by letter, and keeps the user name that they got first. Nobody gets a name that
      is, or was, another's.
    - Whom a source, a list or an administrator lets in no more is out: sessions, tokens, labs.
    """

    ways = Dict(Unicode(), Unicode(), config=True, help="The ways, by their words in `AUTH`, with their classes.")
    people_file = Unicode("/srv/site/people.yaml", config=True, help="Lists of people, read again when they change.")
    people = Dict(config=True, help="What the file said when this configuration was made.")
    named_people = Set(
        Unicode(), config=True, help="User names that files of `site/` mention: the first way alone gives them."
    )
    assistants_open_labs = Bool(False, config=True, help="Whether `site/people.yaml` may let assistants into labs.")

    login_attempts = Integer(5, min=1, config=True, help="Wrong passwords in a row, of a name and from one side.")
    lockout_seconds = Integer(600, min=1, config=True, help="For how long there is no further try after them.")

    @default("auth_refresh_strict")
    def _strict(self) -> bool:
        return True  # who is out is out with their tokens, too

    @default("any_allow_config")
    def _ways_have_rules(self) -> bool:
        return True

    @default("allow_existing_users")
    def _rules_decide(self) -> bool:
        return False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.db: Session = self._deprecated_db_session
        self.opened: dict[str, Way] = {word: self._open(word, path) for word, path in self.ways.items()}
        self.admission = Admission(
            self.db,
            self.opened,
            PeopleFile(Path(self.people_file), self.people, self.log),
            administrators=lambda: self.admin_users,
            mentioned=self.named_people,
            blocked=lambda: self.blocked_users,
            is_name=self.validate_username,
        )
        self._bury()
        self.attempts = Attempts(self.login_attempts, self.lockout_seconds)
        self.staying = Staying(
            self.db,
            self.admission,
            self.parent,
            self.log,
            groups=self.config.LabSpawner.get("groups", {}),
            open_labs=self.assistants_open_labs,
        )

    def _bury(self) -> None:
        """Have those stay removed whom an older database brings back: before anybody can ask for anything."""
        try:
            stones = records.tombstones()
        except (OSError, ValueError) as error:  # the guard knows no better, and lets nobody start a lab then
            self.log.error("Who was removed cannot be read: %s", error)
            return
        for name in removed.bury(self.db, stones) if stones else ():
            self.log.warning("%s was removed, and an older database had brought them back: removed again", name)

    def _open(self, word: str, path: str) -> Way:
        way = import_item(path)(parent=self)
        if not isinstance(way, Way):
            raise TypeError(f"c.SignIn.ways: {path} of {word} is no way to sign in")
        return way

    @property
    def accounts(self) -> AccountAuthenticator:
        """The accounts of the way `native`.

        :raises HTTPError: 404, the hub keeps none.
        """
        way = self.opened.get(NativeWay.name)
        if not isinstance(way, NativeWay):
            raise Refusal(404, "sign_in.no_accounts")
        return way.accounts

    @property
    def keeps_accounts(self) -> bool:
        """Whether `native` is among the ways."""
        return NativeWay.name in self.opened

    def has_account(self, name: str) -> bool:
        """Whether somebody has a password here: their own page to change it is theirs alone."""
        return self.keeps_accounts and self.accounts.get_user(name) is not None

    def check_allow_config(self) -> None:
        """:raises ValueError: a way would let in nobody, as no rule of it says whom."""
        for word, way in self.opened.items():
            if not way.rules():
                raise ValueError(
                    f"the way {word} has no rule who may sign in: set c.{type(way).__name__}.allow_all, allowed_users, "
                    "allowed_groups, or one of its own"
                )

    # --- Who comes in ---

    async def authenticate(self, handler: Any, data: Any) -> dict[str, Any] | None:
        """Who signs in: a page of a way has recognised them (`Identity`), or they filled in the form.

        :raises HTTPError: 403, they may not; 502, nobody can say. The text is for them, and holds the refusal's number.
        """
        identity = data if isinstance(data, Identity) else await self.identify(handler, data)
        if identity is None:
            return None
        found = await self._told_of(self._attempt(handler, data), self.let_in(identity))
        sessions.note(handler, identity)
        if found is not None and identity.locale and handler is not None:
            language.suggest(handler, identity.locale)
        return found

    async def identify(self, handler: Any, data: Any) -> Identity | None:
        """Whose name and password a form holds; None where they are wrong.

        :raises HTTPError: as `authenticate`.
        """
        attempt = self._attempt(handler, data)
        identity = await self._told_of(attempt, self._by_form(handler, data))
        if identity is None:
            self._count_wrong_password(attempt)
        return identity

    async def _told_of(self, attempt: Attempt, decision: Awaitable[T]) -> T:
        """What a decision comes to; a refusal is kept, and told with its number."""
        try:
            return await decision
        except Refused as refused:
            raise self._told(refused, attempt) from None
        except Unreachable as error:
            raise self._told(unreachable(attempt.way, error), attempt, status=502) from None

    def _attempt(self, handler: Any, data: Any) -> Attempt:
        address = str(handler.request.remote_ip) if handler is not None else ""
        if isinstance(data, Identity):
            return Attempt(way=data.way, name=data.name, subject=data.subject, address=address)
        typed = data if isinstance(data, dict) else {}
        word, name = self._form_way(typed), typed.get("username")
        return Attempt(way=word or "", name=name if isinstance(name, str) else "", address=address)

    def forms(self) -> dict[str, Way]:
        """The ways whose names and passwords are typed into the hub's own page."""
        return {word: way for word, way in self.opened.items() if way.has_form}

    def _form_way(self, typed: dict[Any, Any]) -> str | None:
        """The way that a form is for: the one that it names, or the first."""
        forms = self.forms()
        chosen = typed.get("way") or next(iter(forms), None)
        return chosen if isinstance(chosen, str) and chosen in forms else None

    async def _by_form(self, handler: Any, data: Any) -> Identity | None:
        if not isinstance(data, dict):
            return None
        name, password, word = data.get("username"), data.get("password", ""), self._form_way(data)
        if word is None or not isinstance(name, str) or not isinstance(password, str) or not writable(name + password):
            return None
        if self.opened[word].gives_names:  # they count by themselves
            return await self.opened[word].check(handler, self.normalize_username(name), password)
        return await self._counted(handler, word, name, password)

    async def _counted(self, handler: Any, word: str, name: str, password: str) -> Identity | None:
        """Whose name and password this is at a source, with an end to guessing: as with accounts of the hub's own.

        :raises Refused: too many wrong passwords from there; the source is not asked.
        """
        guessed = f"{word}:{name.casefold()}"
        side = known_browsers.of(handler, name) or side_of(str(handler.request.remote_ip))
        if locked := self.attempts.locked_seconds(guessed, "", side):
            said = say("sign_in.too_many_tries", wait=locked)
            raise Refused("too-many-wrong-passwords", said, remedy="It ends by itself.")
        self.attempts.add(guessed, "", side)
        try:
            identity = await self.opened[word].check(handler, name, password)
        except (Refused, Unreachable):  # neither is a wrong password
            self.attempts.clear(guessed, "", side)
            raise
        if identity is not None:
            self.attempts.clear(guessed, "", side)
        return identity

    def _count_wrong_password(self, attempt: Attempt) -> None:
        said = say("sign_in.wrong")
        refused = Refused(refusals.WRONG_PASSWORD, said, remedy="`make password NAME=...` gives a new one.")
        if writable(attempt.name):
            refusals.keep(self.db, attempt, refused)

    def _told(self, refused: Refused, attempt: Attempt, *, status: int = 403) -> web.HTTPError:
        """Keep a refusal; the error that says so to the person."""
        number = refusals.keep(self.db, attempt, refused)
        self.log.warning("Sign-in refused, number %s: %s", number, refused.reason)
        return Refusal(status, refused.told + say("sign_in.number", number=number))

    def refuse(self, handler: Any, refused: Refused, *, way: str, name: str, subject: str) -> web.HTTPError:
        """Keep a refusal that a way's page found by itself; the error for the page to raise."""
        address = str(handler.request.remote_ip)
        return self._told(refused, Attempt(way=way, name=name, subject=subject, address=address))

    async def let_in(self, identity: Identity) -> dict[str, Any] | None:
        """Let a person in whom a way vouches for: what JupyterHub is to know of them; None where the name is none.

        :raises Refused: they may not.
        """
        way = self.admission.way_of(identity.way)
        if way is None or not 0 < len(identity.subject) <= identities.LONGEST_SUBJECT:
            raise Refused("unknown-way", say("sign_in.closed_way"), detail=f"{identity.way} is not in AUTH")
        sealed = await identities.seal(identity, self.log)
        known = identities.find(self.db, identity.way, identity.subject)
        name = known.name if known is not None else self.admission.name_for(way, identity)
        if not self.validate_username(name):
            return None
        gone = known_names.mark_of(self.db, name) in (LEAVING, REMOVED)
        if gone and (not way.gives_names or removed.of_name(self.db, name) is not None):
            remedy = f"`make user-restore NAME={name}` lets them sign in again, with the files that are still there."
            raise Refused("removed", say("sign_in.removed"), detail=f"{name} was removed", remedy=remedy)
        if reason := self.admission.refusal(way, identity, name, is_known=known is not None):
            raise Refused(*reason, remedy=REMEDY)
        everything = None
        if known is not None or not way.gives_names:
            everything = self._keep(identity, name, sealed)
        self.staying.welcome(name)
        return {"name": name, "admin": self.admission.administers(name, everything), "auth_state": None}

    def _keep(self, identity: Identity, name: str, sealed: bytes | None) -> list[KnownIdentity]:
        """Note that somebody signed in, and make them a member of their source's groups, where those are other ones
        than before; returns what is known of them now. A newcomer becomes a member as their user is made."""
        everything = identities.of_user(self.db, name)
        formerly = identities.groups_of_all(everything)
        before = identities.groups_of_all(each for each in everything if not each.ended)
        known = identities.keep(self.db, identity, name, sealed)
        known.signed_in_at = int(time.time())
        known.ended = ""
        if known not in everything:
            everything.append(known)
        now = identities.groups_of_all(each for each in everything if not each.ended)
        if now != before and (user := User.find(self.db, name)) is not None:
            provided_groups.apply(self.db, user, now, formerly)
            newcomers.welcome(self, self.db, user)
        self.db.commit()
        return everything

    def check_allowed(self, username: str, authentication: Any = None) -> bool:
        """`authenticate` has let them in already."""
        return True

    def check_blocked_users(self, username: str, authentication: Any = None) -> bool:
        """`authenticate` has looked at them already."""
        return True

    def add_user(self, user: Any) -> Any:
        """As the others', and a newcomer becomes a member of their source's groups. The hub calls it for everybody as
        it starts, too."""
        if is_of_service(user.name):
            return super().add_user(user)
        orm_user = user if isinstance(user, User) else user.orm_user
        groups = self.admission.groups_now(user.name) | roster.groups_of(self.db, user.name)
        provided_groups.apply(self.db, orm_user, groups, ())
        newcomers.welcome(self, self.db, orm_user)
        return super().add_user(user)

    def delete_user(self, user: Any) -> None:
        """Forget a user's account, too."""
        if self.keeps_accounts:
            self.accounts.delete_user(user)

    # --- Who stays ---

    async def refresh_user(self, user: Any, handler: Any = None) -> bool:
        """Whether somebody who is signed in stays so; asked every five minutes (`auth_refresh_age`)."""
        by_token = bool(getattr(handler, "_token_authenticated", False))
        if handler is not None:
            handler._token_authenticated = by_token  # JupyterHub reads it after a refusal, and sets it for tokens alone
            if not by_token and self._is_contradicted(user.name, handler):
                handler.clear_login_cookie()
                return False
        return await self.staying.may_stay(user.name, by_token=by_token)

    def _is_contradicted(self, name: str, handler: Any) -> bool:
        """Whether a browser's request shows that it is no longer this user's."""
        return any(
            way.contradicts(handler, identities.without_state(known))
            for known in self.admission.open_of(name)
            if (way := self.admission.way_of(str(known.way))) is not None
        )

    def no_lab_reason(self, name: str) -> str:
        """Why no lab is started for somebody before they come; empty where one may be."""
        own = self.opened.get(NativeWay.name)
        if isinstance(own, NativeWay) and own.accounts.is_approved(name):
            return ""
        if self.admission.open_of(name) or (not self.keeps_accounts and User.find(self.db, name) is not None):
            return ""
        return "has no approved account" if self.keeps_accounts else "has never signed in"

    # --- Pages ---

    async def finish(self, handler: Any, identity: Identity) -> None:
        """Sign a person in whom a way's page has recognised, and lead to where they wanted to go; or ask somebody who
        is signed in whether this is the sign-in that they want linked to theirs.

        :raises HTTPError: 403, they may not; 502, nobody can say.
        """
        wish = linking.of(handler)
        if wish is not None:
            await self.offer(handler, wish, identity)
            return
        user = await handler.login_user(identity)
        if user is None:
            raise Refusal(403, "sign_in.no_such_name")
        sessions.begin(handler, user)
        handler.redirect(handler.get_next_url(user))

    async def offer(self, handler: Any, wish: Wish, identity: Identity) -> None:
        """Ask somebody who is signed in whether this is the sign-in that they want linked to theirs.

        :raises HTTPError: 403, nobody may sign in by it.
        """
        await self._told_of(self._attempt(handler, identity), self._check_link(identity))
        wish.identity = identity
        handler.redirect(f"{handler.hub.base_url}link/confirm")

    async def _check_link(self, identity: Identity) -> None:
        """:raises Refused: nobody may sign in by this."""
        way = self.admission.way_of(identity.way)
        name = self.user_of(identity)
        if way is None:
            raise Refused("unknown-way", say("sign_in.closed_way"), detail=f"{identity.way} is not in AUTH")
        if reason := self.admission.refusal(way, identity, name or "", is_known=name is not None):
            raise Refused(*reason, remedy=REMEDY)

    def user_of(self, identity: Identity) -> str | None:
        """The user that an identity signs in as now; None where it has none yet."""
        way = self.admission.way_of(identity.way)
        return linking.user_of(self.db, identity, gives_names=way is not None and way.gives_names)

    async def link(self, identity: Identity, *, kept: str, gone: str | None) -> None:
        """Have an identity sign in as a user, with all that signs in as another one, which is nobody's from then on."""
        if gone is not None and gone in self.admin_users:
            raise Refusal(400, "link.administrator_stays", name=gone)
        identities.keep(self.db, identity, kept, await identities.seal(identity, self.log))
        if gone is not None:
            linking.merge(self.db, gone=gone, kept=kept)
            self.staying.shut_out(gone)
        self.staying.bring_up_to_date(kept)

    @property
    def can_link(self) -> bool:
        """Whether there is more than one way."""
        return len(self.opened) > 1

    def title_of(self, source: str) -> str:
        """What a way is called for people; `source` may name one of several of its kind."""
        way = self.admission.way_of(source)
        return (way.called() if way is not None else "") or source

    @staticmethod
    def text_of(error: web.HTTPError) -> str:
        """What an error says to the person who meets it."""
        return str(getattr(error, "jupyterhub_message", "") or error.log_message or error.reason)

    async def logout_url_of(self, handler: Any) -> str | None:
        """Where to go on to who signs out with this browser; None where the hub's own sign-in page is it."""
        found = sessions.source(handler)
        known = identities.find(self.db, *found) if found is not None else None
        way = self.admission.way_of(known.way) if known is not None else None
        if known is None or way is None:
            return None
        return await way.logout_url(handler, await identities.unsealed(known, self.log))

    def get_handlers(self, app: Any) -> list[tuple[str, type]]:
        """The pages of the ways, those for accounts where the hub keeps some, and those that everybody has. Of two with
        one path the more special counts."""
        one_use.make_table(self.db)
        found = dict(super().get_handlers(app))
        if self.keeps_accounts:
            found |= dict(self.accounts.get_handlers(app)) | dict(routes.ACCOUNTS)
        found |= dict(routes.EVERYBODYS) | dict(lab_visits.handlers)
        for way in self.opened.values():
            found |= dict(way.handlers(app))
        return list(found.items())


def unreachable(source: str, error: Unreachable) -> Refused:
    """What is kept, and said, where a source does not answer."""
    said = say("sign_in.unreachable")
    remedy = f"See that {source or 'it'} runs and that this machine reaches it; `make check` tries it."
    return Refused("unreachable", said, detail=str(error), remedy=remedy)


def writable(text: str) -> bool:
    """Whether text can be written in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
