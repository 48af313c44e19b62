"""What is kept of LTI in the hub's database. The tables are made when the hub starts."""

from __future__ import annotations

from typing import Any

from jupyterhub.orm import Base
from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

SECOND_PER_DAY = 86400


class RegisteredPlatform(Base):
    """A platform that registered itself: `homeroom.lti.platform.Platform` as JSON."""

    __tablename__ = "homeroom_lti_platforms"
    name = Column(String(32), primary_key=True)
    data = Column(Text, nullable=False)


class SeenDeployment(Base):
    """A deployment of a registered platform from which a valid launch came, and whether it was allowed."""

    __tablename__ = "homeroom_lti_deployments"
    platform = Column(String(32), primary_key=True)
    deployment_id = Column(String(255), primary_key=True)
    allowed = Column(Boolean, nullable=False, default=False)


class Invitation(Base):
    """A one-time token with which a platform may register itself."""

    __tablename__ = "homeroom_lti_invitations"
    token = Column(String(64), primary_key=True)
    name = Column(String(32), nullable=False)
    expires = Column(Integer, nullable=False)


class Membership(Base):
    """What somebody is in a course, as of their last launch from it: a launch tells of one course alone."""

    __tablename__ = "homeroom_lti_memberships"
    way: Mapped[str] = mapped_column(String(64), primary_key=True)
    subject: Mapped[str] = mapped_column(String(512), primary_key=True)
    course: Mapped[str] = mapped_column(String(64), primary_key=True)
    role: Mapped[str] = mapped_column(String(16), nullable=False)
    seen: Mapped[int] = mapped_column(Integer, nullable=False)
    """When they came from it last, give or take a day, in seconds since 1970."""


class KnownLink(Base):
    """A link from which a launch came, with what its platform lets this hub do in the course: each launch tells of its
    own link alone."""

    __tablename__ = "homeroom_lti_links"
    way: Mapped[str] = mapped_column(String(64), primary_key=True)
    context: Mapped[str] = mapped_column(String(255), primary_key=True)
    link: Mapped[str] = mapped_column(String(255), primary_key=True)
    deployment_id: Mapped[str] = mapped_column(String(255), nullable=False)
    client_id: Mapped[str] = mapped_column(String(255), nullable=False)
    issuer: Mapped[str] = mapped_column(String(512), nullable=False)
    course_title: Mapped[str] = mapped_column(String(255), nullable=False)
    title: Mapped[str] = mapped_column(String(255), nullable=False)
    lineitems: Mapped[str] = mapped_column(Text, nullable=False)
    lineitem: Mapped[str] = mapped_column(Text, nullable=False)
    scopes: Mapped[str] = mapped_column(Text, nullable=False)
    members: Mapped[str] = mapped_column(Text, nullable=False)
    first: Mapped[int] = mapped_column(Integer, nullable=False)
    """When the first launch of it came, in seconds since 1970."""
    seen: Mapped[int] = mapped_column(Integer, nullable=False)
    """When they last came from it, give or take a day."""


class KnownRoster(Base):
    """Who is in a course of this hub, as its learning platform said last: what the hub goes on with while nobody can be
    asked."""

    __tablename__ = "homeroom_lti_rosters"
    course: Mapped[str] = mapped_column(String(64), primary_key=True)
    way: Mapped[str] = mapped_column(String(64), nullable=False)
    context: Mapped[str] = mapped_column(String(255), nullable=False)
    read: Mapped[int] = mapped_column(BigInteger, nullable=False)
    """When, in milliseconds since 1970."""
    members: Mapped[str] = mapped_column(Text, nullable=False)
    """As JSON: of each their id there, their role here, and what they are called."""


class DeepLink(Base):
    """What a teacher was asked to choose: the platform's request, until it is answered."""

    __tablename__ = "homeroom_lti_deep_links"
    key = Column(String(64), primary_key=True)
    user = Column(String(255), nullable=False)
    data = Column(Text, nullable=False)
    expires = Column(Integer, nullable=False)


TABLES = (RegisteredPlatform, SeenDeployment, Invitation, Membership, KnownLink, KnownRoster, DeepLink)


def make_tables(db: Session) -> None:
    """Make the tables that are not there yet."""
    Base.metadata.create_all(db.get_bind(), tables=[each.__table__ for each in TABLES])


def purge(db: Session, table: Any, now: int) -> None:
    """Forget what is over. The caller commits."""
    db.query(table).filter(table.expires < now).delete(synchronize_session=False)
