"""A way to sign in: what each of them brings, whichever library it is built on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tornado.web import HTTPError
from traitlets import Bool, Integer, Set, Unicode
from traitlets.config import LoggingConfigurable

from homeroom.texts.said import Said, say


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who somebody is, as one source vouches for it.

    :param way: the source: `ldap`, `github`; with several platforms of one kind `lti:moodle`.
    :param subject: what never changes there, letter by letter; with `way` it is one person for good.
    :param name: the user name to propose for who comes for the first time.
    :param groups: with the way's prefix; None where the source says nothing of groups.
    :param admin: None where the source says nothing of it.
    :param locale: the language that the source says the person reads, such as `de`.
    :param state: what a later `refresh` needs; it is kept encrypted.
    """

    way: str
    subject: str
    name: str
    display_name: str = ""
    email: str = ""
    groups: frozenset[str] | None = None
    admin: bool | None = None
    locale: str = ""
    state: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """A sign-in that is refused, for good reason.

    :param reason: a short word for it, the same for the same kind of refusal: `unknown-platform`, `not-allowed`.
    :param said: what the person is told, of the catalogue, which tells nothing that a stranger should not know.
    :param detail: what was found, for the operator.
    :param remedy: what the operator can do.
    """

    def __init__(self, reason: str, said: Said | str, *, detail: str = "", remedy: str = "") -> None:
        self.told = said if isinstance(said, Said) else say("sign_in.told", said=said)
        super().__init__(self.told.english())
        self.reason = reason
        self.said = self.told.english()
        self.detail = detail
        self.remedy = remedy


class Unreachable(Exception):
    """The source does not answer, or with a fault of its own: nobody is thrown out for that."""


class Way(LoggingConfigurable):
    """One way to sign in. Who may is said by its rules, each of which admits; without a rule nobody is let in.

    A subclass adds rules of its own by `allows` and `rules`.
    """

    name: ClassVar[str] = ""
    """Its word in `AUTH`."""
    has_form: ClassVar[bool] = False
    """Whether people type a name and a password of it into the hub's own page."""

    gives_names: ClassVar[bool] = False
    """Whether its names are the user names here: nobody of another way has them."""

    title = Unicode(config=True, help="What its button, or its choice beside the form, says.")
    allow_all = Bool(False, config=True, help="Let in everybody whom the source knows.")
    allowed_users = Set(Unicode(), config=True, help="Let in these people, by their user names here.")
    allowed_groups = Set(Unicode(), config=True, help="Let in members of these groups, by their prefixed names.")
    admin_groups = Set(Unicode(), config=True, help="Members of these groups are administrators.")
    refresh_seconds = Integer(
        60, min=1, config=True, help="How often the source is asked, at most, whether who is signed in may stay."
    )

    def called(self) -> str:
        """What it is called: as it is configured, else in the reader's language."""
        return self.title or self.usual_title()

    def usual_title(self) -> str:
        """What it is called where the configuration does not say."""
        return ""

    def handlers(self, app: Any) -> list[tuple[str, type]]:
        """The pages it brings, by their paths below `/hub`."""
        return []

    def button(self, handler: Any) -> tuple[str, str] | None:
        """What its button says and where it leads; None where there is no button."""
        return None

    async def check(self, handler: Any, username: str, password: str) -> Identity | None:
        """Who has this name and password; None where they are wrong.

        :raises Refused: they are right, and the person may not sign in all the same.
        :raises Unreachable: nobody can say.
        """
        raise NotImplementedError

    async def refresh(self, identity: Identity) -> Identity | None:
        """The person as the source knows them now; None where it knows them no more.

        :raises Unreachable: nobody can say.
        """
        return identity

    def contradicts(self, handler: Any, identity: Identity) -> bool:
        """Whether a request shows by itself that its sender is somebody else by now, or nobody.

        :param identity: who is signed in, as the source described them last, without their state.
        """
        return False

    async def logout_url(self, handler: Any, identity: Identity) -> str | None:
        """Where to go to sign out at the source, too; None where that is all there is to it.

        :param identity: who signs out, with the state that was kept of them.
        """
        return None

    def rules(self) -> bool:
        """Whether anybody could be let in: one rule at least is set."""
        return bool(self.allow_all or self.allowed_users or self.allowed_groups)

    def allows(self, name: str, identity: Identity) -> bool:
        """Whether the rules let this person in, under this user name."""
        return (
            self.allow_all
            or name in self.allowed_users
            or not self.allowed_groups.isdisjoint(identity.groups or frozenset())
        )


async def finish(handler: Any, identity: Identity) -> None:
    """Sign a person in whom a way's page has recognised, and lead to where they wanted to go. Somebody who is signed in
    and asked to link another sign-in to theirs is asked whether this is the one.

    :raises HTTPError: 403, they may not; the refusal is kept, and its number is in the text.
    """
    await handler.authenticator.finish(handler, identity)


def refuse(handler: Any, refused: Refused, *, way: str, name: str = "", subject: str = "") -> HTTPError:
    """Keep a refusal that a way's page has to tell; raise what it returns.

    :param name: what the source calls who is refused, as far as it is known.
    """
    error: HTTPError = handler.authenticator.refuse(handler, refused, way=way, name=name, subject=subject)
    return error
