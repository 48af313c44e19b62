"""LabIdentity: whose lab it is, what it gets, and what is kept of it."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

from jupyterhub.orm import APIToken

from homeroom.contract import sockets
from homeroom.contract.exam_labs import MOST_BYTES, is_exam, volume_name
from homeroom.contract.home_names import directory_name
from homeroom.contract.labels import SERVER_LABEL
from homeroom.culling.lab_prewarm import LabPrewarm
from homeroom.culling.lab_time import LabTime
from homeroom.exam_labs import exam_lab
from homeroom.labs.plan import LabPlan, Person, groups_of, most_labs
from homeroom.queue.resources import Key
from homeroom.shared_labs import shared_lab
from homeroom.spawner import admission
from homeroom.spawner.containers import labels
from homeroom.spawner.record import LabRecord
from homeroom.spawner.traits import LabTraits
from homeroom.storage.storage import LabStorage, Share, home_source, storage_for
from homeroom.texts.said import Said


class LabIdentity(LabTraits):
    """What can be told of a lab without the engine. Its parts are `prewarm` and `time`."""

    _name_token = ""
    _plan: LabPlan | None = None

    def __init__(self, *given: Any, **settings: Any) -> None:
        self.kept = LabRecord()
        self.prewarm = LabPrewarm(self.kept, was_opened=self._was_opened, save=self.save_state)
        self.time = LabTime(self.kept, self.prewarm, times=lambda: self.orm_spawner, save=self.save_state)
        super().__init__(*given, **settings)

    @property
    def key(self) -> Key:
        """Whose lab this is, among all labs."""
        return self.user.name, self.name

    @property
    def person(self) -> Person:
        """Who asks for the lab."""
        groups = frozenset(group.name for group in self.user.groups)
        return Person(name=self.user.name, hub_groups=groups, admin=bool(self.user.admin))

    @property
    def is_shared(self) -> bool:
        """Whether several people may enter it."""
        return shared_lab.is_shared(self.user.name)

    @property
    def shared_title(self) -> str:
        """What people call a lab that several may enter; empty where there is no word for it, and for all others."""
        known = shared_lab.of(self.user.name)
        return known.title if known is not None else ""

    @property
    def is_exam(self) -> bool:
        """Whether an exam is sat in it."""
        return is_exam(self.name)

    @property
    def sits_exam(self) -> bool:
        """Whether its user sits an exam now, in whichever lab."""
        return exam_lab.sat_by(self.user.name, time.time()) is not None

    @property
    def is_closed(self) -> bool:
        """Whether nobody may enter it now: the proxy has no way to it."""
        return exam_lab.is_closed(self.user.name, self.name, time.time())

    @property
    def labels(self) -> dict[str, str]:
        """What tells whose container or volume it is."""
        return labels(self.deployment, self.user.name)

    def template_namespace(self) -> dict[str, str]:
        """What names of containers are made of, in dockerspawner's words and one more, `{token}`: new with each start
        and kept secret, since a container's name is what the engine's resolver tells other labs. Servers `A` and `a`
        are two, which dockerspawner takes for one."""
        self._name_token = self._name_token or secrets.token_hex(8)
        return {**super().template_namespace(), "servername": self.escape(self.name), "token": self._name_token}

    @property
    def home_volume(self) -> str:
        """Name of the user's home volume, which all their labs share; of an exam's lab that of its own home."""
        if self.is_exam:
            return volume_name(self.deployment, self.user.name, self.name)
        return f"{self.deployment}-user-{self.escaped_name}"

    @property
    def home_labels(self) -> dict[str, str]:
        """What tells whose volume its home is."""
        return self.labels | ({SERVER_LABEL: self.name} if self.is_exam else {})

    @property
    def has_volume(self) -> bool:
        """Whether its home is a volume: that of an exam always is."""
        return not self.plan.ephemeral and (self.is_exam or not self.homes)

    @property
    def socket_directory(self) -> Path:
        """This lab's directory as the hub and the proxy see it."""
        return sockets.LABS / sockets.directory_name(self.user.name, self.name)

    @property
    def _socket(self) -> Path:
        return self.socket_directory / "lab.sock"

    @property
    def plan(self) -> LabPlan:
        """What the lab gets; decided anew at every start.

        :raises NoLab: the profile that was asked for is none of this user's.
        """
        if self._plan is None:
            self._plan = self._decide()
        return self._plan

    def _decide(self) -> LabPlan:
        if self.is_shared:
            return admission.decide_shared(self.profiles, self.groups, self.person, shared_lab.of(self.user.name))
        if self.is_exam:
            own = exam_lab.of(self.user.name, self.name)
            return admission.decide_exam(self.profiles, self.groups, self.person, own)
        return admission.decide(self.profiles, self.groups, self.person, self.user_options.get("profile"))

    @property
    def most_labs(self) -> int:
        """How many labs this user may run at once; a lab that several enter is one."""
        return 1 if self.is_shared else most_labs(self.groups, self.person, self.labs_per_person)

    @property
    def storage(self) -> LabStorage:
        """What this lab sees of the disk: that of an exam its own home and the exam's files, and nothing else."""
        if self.is_exam:
            own = exam_lab.of(self.user.name, self.name)
            return storage_for(
                user=self.user.name,
                groups=(),
                home_source=self.home_volume,
                home_target=self.home,
                skeleton=f"{self.exam_files}/{own.files}" if own and own.files else "",
                skeleton_folder=own.exam if own else "",
                soft_limit_bytes=MOST_BYTES,
            )
        return storage_for(
            user=self.user.name,
            groups=groups_of(self.person, self.groups),
            home_source=home_source(self.homes, self.home_volume, directory_name(self.user.name)),
            home_target=self.home,
            ephemeral=self.plan.ephemeral,
            shares=self._all_shares,
            skeleton=self.skeleton,
            soft_limit_bytes=self.home_soft_limit,
            hard_limit_bytes=self.home_hard_limit,
        )

    @property
    def _all_shares(self) -> list[Share]:
        """What labs mount beside their homes, whosever."""
        more = self.more_shares(self.config) if self.more_shares is not None else ()
        return [Share.from_trait(each) for each in (*self.shares, *self.handouts, *more)]

    @property
    def own_shares(self) -> list[Share]:
        """Those that this lab would mount if it started now."""
        if self.is_exam:
            return []
        groups = groups_of(self.person, self.groups)
        return [share for share in self._all_shares if share.is_for(self.user.name, groups)]

    @property
    def joined_later(self) -> list[str]:
        """The groups whose shares and handouts the running lab has not, since its user was in none of them when it
        started: mounts are fixed at the start."""
        if not self.active or self.kept.shares is None:
            return []
        groups = groups_of(self.person, self.groups)
        missing = [share for share in self.own_shares if share.name not in self.kept.shares]
        return sorted({group for share in missing for group in share.groups or () if group in groups})

    @property
    def ended(self) -> Said:
        """Why the last lab ended, for its owner; nothing where they stopped it themselves, and while one runs."""
        return self.kept.ended

    @property
    def was_opened(self) -> bool:
        """Whether its user has opened the lab that runs."""
        return self._was_opened()

    def _was_opened(self) -> bool:
        """Whether its user has opened the lab: they were given a token for it, which goes when they sign out."""
        tokens = self.user.db.query(APIToken.id).filter(APIToken.client_id == self.oauth_client_id)
        return tokens.first() is not None

    def reset_at_start(self, wanted: bool) -> None:
        """Whether the next start that succeeds sets aside what the user installed and configured: `lab_reset.sh`."""
        if wanted != self.kept.reset:
            self.kept.reset = wanted
            self.save_state()

    def save_state(self) -> None:
        """Record what is known of the lab now: the hub may be killed before it does so by itself."""
        self.orm_spawner.state = self.get_state()
        self.db.commit()

    def get_state(self) -> dict[str, Any]:
        """What the hub keeps of a lab."""
        self.prewarm.note_opening()
        state: dict[str, Any] = super().get_state() | self.kept.stored()
        # also before there is a container: a hub that is killed finds it by this
        return state | {"object_name": self.object_name}

    def load_state(self, state: dict[str, Any]) -> None:
        """Take up what `get_state` gave, after a restart of the hub."""
        super().load_state(state)
        self.kept.load(state)

    def clear_state(self) -> None:
        """Forget the lab that ran, its name too, but not why it ended, nor that a reset is asked for."""
        super().clear_state()
        self._name_token = ""
        self.object_name = self._object_name_default()
        self.kept.forget_lab()
