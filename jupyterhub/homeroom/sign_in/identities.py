"""Who is whom: what each source calls a person, and the user name that they have here; kept in the hub's database."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable
from typing import Any

from cryptography.fernet import InvalidToken
from jupyterhub.crypto import CryptKeeper
from jupyterhub.orm import Base
from sqlalchemy import BigInteger, Boolean, LargeBinary, String, Text, or_
from sqlalchemy.orm import Mapped, Session, mapped_column

from homeroom.sign_in.way import Identity

LONGEST_SUBJECT = 255
LONGEST_TEXT = 255
MOST_GROUPS = 1000
LONGEST_GROUP = 255


class KnownIdentity(Base):
    """One person as one source knows them. The hub makes the table when it starts."""

    __tablename__ = "homeroom_identities"
    way: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT), primary_key=True)
    name: Mapped[str] = mapped_column(String(255), nullable=False, index=True)
    """The user name here."""
    source_name: Mapped[str] = mapped_column(String(255), nullable=False, default="")
    """What the source calls them."""
    display_name: Mapped[str] = mapped_column(String(255), nullable=False, default="")
    email: Mapped[str] = mapped_column(String(255), nullable=False, default="")
    locale: Mapped[str] = mapped_column(String(32), nullable=False, default="")
    groups: Mapped[str] = mapped_column(Text, nullable=False, default="[]")
    admin: Mapped[bool | None] = mapped_column(Boolean)
    state: Mapped[bytes | None] = mapped_column(LargeBinary)
    """What a later look needs, sealed with `JUPYTERHUB_CRYPT_KEY`."""
    first_at: Mapped[int] = mapped_column(BigInteger, nullable=False, default=0)
    signed_in_at: Mapped[int] = mapped_column(BigInteger, nullable=False, default=0)
    looked_at: Mapped[int] = mapped_column(BigInteger, nullable=False, default=0)
    """When the source was asked last, in seconds since 1970."""
    ended: Mapped[str] = mapped_column(String(64), nullable=False, default="")
    """Why this way is closed to them until they sign in by it again; empty where it is open."""


class SourceName(Base):
    """Who came first under a name of a source: lists mean them by it for good, whoever is called so later. The hub
    makes the table when it starts."""

    __tablename__ = "homeroom_source_names"
    way: Mapped[str] = mapped_column(String(64), primary_key=True)
    source_name: Mapped[str] = mapped_column(String(LONGEST_TEXT), primary_key=True)
    subject: Mapped[str] = mapped_column(String(LONGEST_SUBJECT), nullable=False)


def find(db: Session, way: str, subject: str) -> KnownIdentity | None:
    """A person by what the source calls them, letter by letter."""
    found: KnownIdentity | None = db.get(KnownIdentity, (way, subject))
    return found


def of_user(db: Session, name: str) -> list[KnownIdentity]:
    """All that is known of a user of this hub, the oldest first."""
    return list(db.query(KnownIdentity).filter(KnownIdentity.name == name).order_by(KnownIdentity.first_at))


def entries_of(db: Session, way: str, subject: str, source_name: str) -> set[str]:
    """How lists may name a person of a source: `way:subject`, and `way:name` with each name that nobody else came under
    before them. A name that they gave up is theirs still."""
    source_name = source_name[:LONGEST_TEXT]
    known = db.query(SourceName).filter(
        SourceName.way == way, or_(SourceName.subject == subject, SourceName.source_name == source_name)
    )
    holders = {row.source_name: row.subject for row in known}
    names = {name for name, holder in holders.items() if holder == subject}
    if source_name not in holders:
        names.add(source_name)
    return {f"{way}:{each}" for each in (subject, *names)}


def sort_groups(identity: Identity) -> list[str]:
    """The groups of an identity under its way's prefix, within bounds. Another prefix would make them the site's."""
    prefix = f"{identity.way.split(':')[0]}-"
    given = sorted(identity.groups or ())[:MOST_GROUPS]
    return [each if each.startswith(prefix) else f"{prefix}{each}" for each in given if len(each) <= LONGEST_GROUP]


def keep(db: Session, identity: Identity, name: str, sealed: bytes | None) -> KnownIdentity:
    """Keep what a source says of a person. Of groups it says nothing of, what it said before stays. The caller commits.

    :param sealed: what `seal` made of the identity's state.
    """
    known = find(db, identity.way, identity.subject)
    now = int(time.time())
    if known is None or known.source_name != identity.name[:LONGEST_TEXT]:
        _keep_name(db, identity)
    if known is None:
        known = KnownIdentity(way=identity.way, subject=identity.subject, first_at=now, groups="[]", ended="")
        db.add(known)
    known.name = name
    known.source_name = identity.name[:LONGEST_TEXT]
    known.display_name = identity.display_name[:LONGEST_TEXT]
    known.email = identity.email[:LONGEST_TEXT]
    known.locale = identity.locale[:32]
    known.admin = identity.admin
    known.state = sealed
    known.looked_at = now
    if identity.groups is not None:
        known.groups = json.dumps(sort_groups(identity))
    return known


def _keep_name(db: Session, identity: Identity) -> None:
    name = identity.name[:LONGEST_TEXT]
    if name and db.get(SourceName, (identity.way, name)) is None:
        db.add(SourceName(way=identity.way, source_name=name, subject=identity.subject))


def groups_of(known: KnownIdentity) -> frozenset[str]:
    """The groups that the source named last, by their prefixed names."""
    return frozenset(json.loads(known.groups))


def groups_of_all(known: Iterable[KnownIdentity]) -> frozenset[str]:
    """The groups of several identities together."""
    return frozenset().union(*map(groups_of, known))


def without_state(known: KnownIdentity) -> Identity:
    """A person as the source described them last, without what it takes to ask it."""
    return Identity(
        way=known.way,
        subject=known.subject,
        name=known.source_name,
        display_name=known.display_name,
        email=known.email,
        groups=groups_of(known),
        admin=known.admin,
        locale=known.locale,
    )


async def unsealed(known: KnownIdentity, log: logging.Logger) -> Identity:
    """A person as the source described them last, with what it takes to ask it where our key opens that."""
    state: Any = {}
    keeper = CryptKeeper.instance()
    if known.state and keeper.keys:
        try:
            state = await keeper.decrypt(known.state)
        except (InvalidToken, ValueError):
            log.warning("What %s needs to be asked about %s cannot be opened with this key", known.way, known.name)
    plain = without_state(known)
    return Identity(**{**vars(plain), "state": state if isinstance(state, dict) else {}})


async def seal(identity: Identity, log: logging.Logger) -> bytes | None:
    """What is kept of an identity's state; None where there is none, or no key to seal it with."""
    if not identity.state:
        return None
    keeper = CryptKeeper.instance()
    if not keeper.keys:
        log.warning("JUPYTERHUB_CRYPT_KEY is not set: what %s gives to be asked later is not kept", identity.way)
        return None
    sealed: bytes = await keeper.encrypt(dict(identity.state))
    return sealed
