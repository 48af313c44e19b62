"""Who is signed in stays so while a source, the lists and the administrators let them: looked at with their requests,
and every few seconds without one. Who is out is out: sessions, tokens and labs."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import timedelta
from typing import Any

from jupyterhub.orm import Spawner, User
from jupyterhub.roles import assign_default_roles
from jupyterhub.utils import new_token, utcnow
from sqlalchemy.orm import Session

from homeroom.records.events import ADMIN_GIVE, ADMIN_TAKE, note
from homeroom.sign_in import assistants, identities, known_names, provided_groups, removal
from homeroom.sign_in.admission import Admission
from homeroom.sign_in.identities import KnownIdentity
from homeroom.sign_in.lists import PeopleLists
from homeroom.sign_in.marks import LEAVING, REMOVED, RENEWED, SHARED, TOKEN
from homeroom.sign_in.native import NativeWay, identity_of
from homeroom.sign_in.trial import TrialWay
from homeroom.sign_in.way import Identity, Refused, Unreachable, Way

SOURCE_SECONDS = 15.0
"""For how long a source is waited for that is asked about somebody; then it counts as one that does not answer."""
AT_ONCE = 8
"""Questions to sources at a time."""
RECENT_SECONDS = 900
"""Who has asked the hub for something within it is looked at; also who has a lab that runs."""


class Staying:
    """Looks at people who are signed in.

    :param hub: the application; None where only decisions are asked for.
    :param groups: what `site/groups.yaml` says of groups.
    :param open_labs: whether assistants may be let into labs at all.
    """

    def __init__(
        self,
        db: Session,
        admission: Admission,
        hub: Any,
        log: logging.Logger,
        *,
        groups: assistants.Groups,
        open_labs: bool,
    ) -> None:
        self.db = db
        self.admission = admission
        self.hub = hub
        self.log = log
        self.groups = groups
        self.open_labs = open_labs
        self._lists_seen: Any = None
        self._assist = True  # there may be roles of a list that was another when the hub ended
        self._shut: set[str] = set()
        self._ending: dict[str, asyncio.Task[None]] = {}

    def welcome(self, name: str) -> None:
        """Somebody signed in: what was shut for them is open."""
        self._shut.discard(name)

    async def may_stay(self, name: str, *, by_token: bool = False, at_once: bool = False) -> bool:
        """Whether somebody stays signed in. Who may not is shut out.

        :param by_token: they came by a token, not by a browser.
        :param at_once: do not ask their source, which takes time.
        """
        ways = self.admission.ways
        if any(isinstance(way, TrialWay) for way in ways.values()):
            return True
        mark = known_names.mark_of(self.db, name)
        if mark in (LEAVING, REMOVED, RENEWED):
            return False
        if mark == SHARED:
            return by_token
        sources, own = self.admission.open_of(name), self.own_account(name)
        if not sources and own is None:
            return mark == TOKEN and by_token
        verdicts = [await self._still_lets_in(known, at_once=at_once) for known in sources]
        if own is not None:
            verdicts.append(await self._account_lets_in(name, own))
        self.bring_up_to_date(name)
        if any(verdicts) and not all(verdicts):  # nobody knows which of their browsers came by which source
            self.end_sessions(name)
        elif not any(verdicts) and sources:
            self.shut_out(name)
        return all(verdicts)

    def own_account(self, name: str) -> Identity | None:
        """The account of the hub's own that a user has by their name, unless it was linked to another user."""
        way = self.admission.ways.get(NativeWay.name)
        if not isinstance(way, NativeWay) or way.accounts.get_user(name) is None:
            return None
        return None if identities.find(self.db, NativeWay.name, name) is not None else identity_of(name)

    async def _account_lets_in(self, name: str, own: Identity) -> bool:
        """Whether a user's account is approved, and no list blocks them. Who lost the approval has it given again with
        all they had; who is blocked is shut out."""
        way = self.admission.ways[NativeWay.name]
        if self.admission.refusal(way, own, name, is_known=True):
            self.shut_out(name)
            return False
        return await way.refresh(own) is not None

    async def _still_lets_in(self, known: KnownIdentity, *, at_once: bool) -> bool:
        """Whether a source and the lists still let somebody in; where not, this way is closed to them until they sign
        in by it again."""
        name, way = known.name, self.admission.way_of(known.way)
        if way is None:
            return self._close(known, "this way to sign in is closed")
        if not at_once and time.time() - known.looked_at >= way.refresh_seconds:
            known.looked_at = int(time.time())  # before anything is waited for: nobody else asks meanwhile
            try:
                found = await self._ask(way, known)
            except Refused as refused:
                return self._close(known, refused.reason)
            except Unreachable as error:
                self.log.warning("%s cannot say whether %s may stay, so they do: %s", known.way, name, error)
            else:
                if found is None:
                    return self._close(known, "the source does not know them any more")
                sealed = await identities.seal(found, self.log)
                identities.keep(self.db, found, name, sealed)
        reason = self.admission.refusal(way, identities.without_state(known), name, is_known=True)
        return self._close(known, reason[0]) if reason else True

    async def _ask(self, way: Way, known: KnownIdentity) -> Identity | None:
        """The person as the source knows them now.

        :raises Unreachable: it does not say.
        """
        was = await identities.unsealed(known, self.log)
        try:
            async with asyncio.timeout(SOURCE_SECONDS):
                found = await way.refresh(was)
        except TimeoutError:
            raise Unreachable(f"no answer in {SOURCE_SECONDS:.0f} s") from None
        except (Refused, Unreachable):
            raise
        except Exception as error:  # a fault of ours or of the source's own: nobody is thrown out for that
            self.log.exception("Asking %s about %s failed", known.way, known.name)
            raise Unreachable(repr(error)) from error
        if found is not None and (found.way, found.subject) != (was.way, was.subject):
            self.log.error("%s took %s for somebody else: %s", known.way, was.subject, found.subject)
            return None
        return found

    def _close(self, known: KnownIdentity, reason: str) -> bool:
        self.log.warning("%s may not sign in by %s any more: %s", known.name, known.way, reason)
        known.ended = reason[:64]
        return False

    def bring_up_to_date(self, name: str) -> None:
        """Have a user's groups and their administering follow what the sources and lists say now."""
        user = User.find(self.db, name)
        if user is None:
            self.db.commit()
            return
        known = identities.of_user(self.db, name)
        once = identities.groups_of_all(known)
        held = frozenset(group.name for group in user.groups if self.admission.is_provided(group.name))
        provided_groups.apply(self.db, user, self.admission.groups_now(name), once | held)
        administers = self.admission.administers(name)
        if administers is not None and administers != user.admin:
            self.log.warning("%s is %s administrator", name, "now an" if administers else "no longer an")
            user.admin = administers
            note(self.db, "homeroom", ADMIN_GIVE if administers else ADMIN_TAKE, name, why="lists and sources say so")
            assign_default_roles(self.db, entity=user)
        assistants.bring_up_to_date(self.db, user, self.admission.lists.read().assistants, self.groups)
        self.db.commit()

    # --- Out ---

    def end_sessions(self, name: str) -> None:
        """Have a user sign in again in every browser; tokens and labs are left."""
        user = User.find(self.db, name)
        if user is not None:
            user.cookie_id = new_token()
            self.db.commit()

    def shut_out(self, name: str) -> None:
        """End every session, token and lab of a user, at once; once until they sign in again."""
        user = User.find(self.db, name)
        if user is None or name in self._shut:
            return
        self._shut.add(name)
        self.log.warning("%s is shut out: sessions, tokens and labs end", name)
        removal.close_sessions(self.db, user)
        self.db.commit()
        if self.hub is not None:
            self._ending[name] = asyncio.ensure_future(self._end_labs(name))
            self._ending[name].add_done_callback(lambda _: self._ending.pop(name, None))

    async def _end_labs(self, name: str) -> None:
        """End the labs of somebody who is out, until they are gone."""
        while name in self._shut:
            try:
                user = User.find(self.db, name)
                if user is not None:
                    await removal.end_labs(self.hub, self.hub.users[user])
                return
            except Exception as error:  # the engine or the proxy is away: tried again
                self.log.warning("%s is shut out, but not all of their labs are gone yet: %r", name, error)
                await asyncio.sleep(removal.RETRY_SECONDS)

    # --- Without a request ---

    async def look(self) -> None:
        """Look at everybody whom a change of the lists may concern, and ask the sources about those who are here."""
        lists = self.admission.lists.read()
        everybody = lists is not self._lists_seen
        self._lists_seen = lists
        self._take_up_assistants(lists)
        names = self._here() if not everybody else self._known()
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with turns:
                await asyncio.sleep(0)  # who waits for the hub comes in between: of many people it takes long
                await self.may_stay(name, by_token=True, at_once=everybody and name not in here)

        here = set(self._here())
        await asyncio.gather(*(one(name) for name in names))

    def _take_up_assistants(self, lists: PeopleLists) -> None:
        """Have the roles of assistants be for whom their groups hold now, and for no administrator."""
        if not lists.assistants and not self._assist:
            return
        self._assist = bool(lists.assistants)
        admins = {name for (name,) in self.db.query(User.name).filter(User.admin)} | self.admission.administrators()
        assistants.take_up(self.db, lists.assistants, self.groups, admins, open_labs=self.open_labs)

    def _known(self) -> list[str]:
        return [name for (name,) in self.db.query(User.name).order_by(User.name)]

    def _here(self) -> list[str]:
        """Who has a lab, or has asked for something lately."""
        since = utcnow(with_tz=False) - timedelta(seconds=RECENT_SECONDS)
        recent = self.db.query(User.name).filter(User.last_activity >= since)
        running = self.db.query(User.name).join(Spawner).filter(Spawner.server_id.is_not(None))
        return sorted({name for (name,) in recent.union(running)})
