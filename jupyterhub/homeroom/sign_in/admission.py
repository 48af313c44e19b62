"""Who may sign in, as whom, and who administers the hub: lists, the ways' rules and the table of people decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

from jupyterhub.orm import Service, User
from nativeauthenticator.orm import UserInfo
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from homeroom.sign_in import identities, user_names
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.known_names import KnownName
from homeroom.sign_in.lists import PeopleFile
from homeroom.sign_in.way import Identity, Refused, Way
from homeroom.texts.said import Said, say

REMEDY = "Let them in by a rule of the way, or by a line below `allow:` in site/people.yaml."


class Admission:
    """Decides on people, and changes nothing.

    :param ways: by their words in `AUTH`, in its order.
    :param administrators: the names of the configuration; nobody is given one.
    :param mentioned: user names that files of `site/` mention: the first way alone gives them.
    :param blocked: names that the operator's own configuration blocks.
    """

    def __init__(
        self,
        db: Session,
        ways: Mapping[str, Way],
        lists: PeopleFile,
        *,
        administrators: Callable[[], Set[str]],
        mentioned: Set[str],
        blocked: Callable[[], Set[str]],
        is_name: Callable[[str], bool],
    ) -> None:
        self.db = db
        self.ways = ways
        self.lists = lists
        self.administrators = administrators
        self.mentioned = mentioned
        self.blocked = blocked
        self.is_name = is_name

    def way_of(self, source: str) -> Way | None:
        """The way that a source is of: `lti` for `lti:moodle`."""
        return self.ways.get(source) or self.ways.get(source.split(":")[0])

    def refusal(self, way: Way, identity: Identity, name: str, *, is_known: bool) -> tuple[str, Said] | None:
        """Why somebody may not sign in under this name: a word, and what they are told. None where they may."""
        lists = self.lists.read()
        entries = self._entries(identity, name, is_known=is_known)
        groups = identities.sort_groups(identity)
        called = f"{identity.way}:{identity.name}"  # a list that shuts out means whoever is called so now, too
        if name in self.blocked() or lists.block.names({*entries, name, called}, groups):
            return "blocked", say("sign_in.blocked")
        if way.allows(name, identity) or lists.allow.names(entries, groups):
            return None
        return "not-allowed", say("sign_in.not_allowed")

    def _entries(self, identity: Identity, name: str, *, is_known: bool) -> set[str]:
        """How lists may name this person. A plain user name is a newcomer's from elsewhere only where there is no other
        way, which might have meant somebody else by it; a source's own name is that of who came under it first."""
        found: set[str] = set()
        if self.lists.read().name_sources:
            found = identities.entries_of(self.db, identity.way, identity.subject, identity.name)
        way = self.way_of(identity.way)
        if is_known or len(self.ways) == 1 or (way is not None and way.gives_names):
            found.add(name)
        return found

    def name_for(self, way: Way, identity: Identity) -> str:
        """The user name of somebody who comes for the first time.

        :raises Refused: there is none.
        """
        if way.gives_names:
            return identity.name
        lists = self.lists.read()
        for entry in self._entries(identity, "", is_known=False):
            if entry in lists.map and self.is_name(lists.map[entry]):
                return lists.map[entry]
            if lists.admins is not None and entry in lists.admins and entry.endswith(f":{identity.name}"):
                return self._given(identity)
        found = user_names.first_free(identity, lambda name: self.is_taken(name, identity))
        if found is None:
            raise Refused("no-name", say("sign_in.no_name"), detail=f"{identity.name!r} gives none")
        return found

    def _given(self, identity: Identity) -> str:
        """The name of somebody whom the list of administrators names by source: theirs, unless it is somebody's."""
        name = user_names.plain(identity.name)
        own = name in self.administrators() and not self._is_somebodys(name)
        return name if own else user_names.first_free(identity, lambda each: self.is_taken(each, identity)) or ""

    def is_taken(self, name: str, identity: Identity) -> bool:
        """Whether a user name is not for who comes from this source for the first time."""
        first = next(iter(self.ways), "")
        mentioned = self.mentioned | self.lists.read().people
        if name in mentioned and self.way_of(identity.way) is not self.ways.get(first):
            return True
        return name in self.administrators() or not self.is_name(name) or self._is_somebodys(name)

    def _is_somebodys(self, name: str) -> bool:
        """Whether somebody or something has this name. An administrator's is there from the start, and is nobody's
        until they come."""
        came = [User.last_activity.is_not(None)] if name in self.administrators() else []
        holders = (
            exists().where(User.name == name, *came),
            exists().where(UserInfo.username == name),
            exists().where(KnownName.name == name),
            exists().where(KnownIdentity.name == name),
            exists().where(Service.name == name),
        )
        return bool(self.db.scalar(select(or_(*holders))))

    def groups_now(self, name: str) -> frozenset[str]:
        """The groups that the sources of a user name, those alone that they may sign in by."""
        return identities.groups_of_all(self.open_of(name))

    def is_provided(self, group: str) -> bool:
        """Whether a group of the hub's has the name of one that a source names."""
        return group.startswith(tuple(f"{word}-" for word, way in self.ways.items() if not way.gives_names))

    def open_of(self, name: str) -> list[KnownIdentity]:
        """What is known of a user from sources that they may sign in by."""
        return [known for known in identities.of_user(self.db, name) if not known.ended]

    def administers(self, name: str, known: Iterable[KnownIdentity] | None = None) -> bool | None:
        """Whether somebody administers the hub; None where only the page *Admin* says it.

        :param known: what is known of them, where that was asked for just now.
        """
        if name in self.administrators():
            return True
        admins, decided = self.lists.read().admins, False
        open_ = self.open_of(name) if known is None else [each for each in known if not each.ended]
        if admins is not None:
            decided = True
            entries = (identities.entries_of(self.db, one.way, one.subject, one.source_name) for one in open_)
            if name in admins or not admins.isdisjoint(set().union(*entries)):
                return True
        for known in open_:
            way = self.way_of(known.way)
            if known.admin or (way is not None and not way.admin_groups.isdisjoint(identities.groups_of(known))):
                return True
            decided = decided or known.admin is not None or (way is not None and bool(way.admin_groups))
        return False if decided else None
