"""Lookups in the hub's database that tell it nothing new, left out: a class that opens its labs at once waits for them.

JupyterHub asks for a lab's OAuth client ten times in each sign-in to it, for a user's groups, roles and shares with
each request, and whether the database is still there before each transaction.
"""

from __future__ import annotations

from collections import Counter
from typing import Any
from weakref import WeakValueDictionary

from jupyterhub.oauth import provider
from sqlalchemy import Engine, Select, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, lazyload

from jupyterhub import orm

_ping = orm.register_ping_connection
_WHEN_WANTED = [lazyload(each.class_attribute) for each in orm.User.__mapper__.relationships if each.lazy == "selectin"]


def skip_redundant_queries() -> None:
    """Have the hub of this process do without those lookups, from its start on."""
    orm.register_ping_connection = ping_unless_file
    provider.JupyterHubRequestValidator = Validator
    event.listen(Session, "do_orm_execute", load_when_wanted)


def ping_unless_file(engine: Engine) -> None:
    """Have each connection tried before its use, but for SQLite's: nothing can cut off a file."""
    if engine.dialect.name != "sqlite":
        _ping(engine)


def load_when_wanted(asked: ORMExecuteState) -> None:
    """When one user is looked up, load their groups, roles and shares only where they are used and not in memory yet.

    They would be asked for even where they are. Of lists, they are still loaded for all people at once, and a query
    that says itself what it loads is left alone."""
    statement = asked.statement
    if asked.bind_mapper is not orm.User.__mapper__ or not isinstance(statement, Select):
        return
    first = getattr(statement._limit_clause, "value", None) == 1
    if first and not statement._with_options and not asked.is_relationship_load and not asked.is_column_load:
        asked.statement = statement.options(*_WHEN_WANTED)


MOST_SIGN_INS = 50
"""To one lab at a time. The oldest are forgotten, now and again; a user who comes back with one signs in again,
unseen."""


class Validator(provider.JupyterHubRequestValidator):
    """JupyterHub's checks of a sign-in to a lab, all of them, on clients of which each is looked up once. Whoever signs
    in to a lab over and over does not fill the database with it."""

    def __init__(self, db: Session, **options: Any) -> None:
        super().__init__(ClientsInMemory(db), **options)
        self._sign_ins: Counter[tuple[int, str]] = Counter()

    def save_bearer_token(self, token: Any, request: Any, *arguments: Any, **options: Any) -> Any:
        """Keep a sign-in, and forget the oldest where they are many."""
        saved = super().save_bearer_token(token, request, *arguments, **options)
        whose = request.user.id, request.client.client_id
        self._sign_ins[whose] += 1
        if self._sign_ins[whose] > MOST_SIGN_INS:
            self._sign_ins[whose] = 0
            tokens = self.db.query(orm.APIToken).filter_by(user_id=whose[0], client_id=whose[1])
            for old in tokens.order_by(orm.APIToken.id.desc()).offset(MOST_SIGN_INS):
                self.db.delete(old)
            self.db.commit()
        return saved


class ClientsInMemory:
    """The hub's session, which answers for a client that it holds without asking the database.

    Only the hub writes clients, all of them in this session, so what it holds is what is true."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._held: WeakValueDictionary[str, Any] = WeakValueDictionary()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def query(self, *entities: Any) -> Any:
        """As the session's; for clients, by their identifier alone."""
        return ClientQuery(self) if entities == (orm.OAuthClient,) else self._session.query(*entities)

    def client(self, identifier: str) -> Any:
        """The client that is there now, or None."""
        held = self._held.get(identifier)
        if held is not None and inspect(held).persistent and held not in self._session.deleted:
            return held
        found = self._session.query(orm.OAuthClient).filter_by(identifier=identifier).first()
        if found is not None:
            self._held[identifier] = found
        return found


class ClientQuery:
    """The query for one client."""

    def __init__(self, clients: ClientsInMemory) -> None:
        self._clients = clients

    def filter_by(self, *, identifier: str) -> ClientQuery:
        """Keep which client is asked for."""
        self._identifier = identifier
        return self

    def first(self) -> Any:
        """The client that was asked for; None where there is none."""
        return self._clients.client(self._identifier)

    one_or_none = first
