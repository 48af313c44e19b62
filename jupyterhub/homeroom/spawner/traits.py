"""LabTraits: what the hub's configuration sets of a lab's spawner, and its defaults."""

from __future__ import annotations

import os
from typing import Any

from traitlets import Callable, Dict, Float, Integer, List, Unicode, default

from homeroom.spawner.retrying import RetryingSpawner


class LabTraits(RetryingSpawner):
    """The traits of LabSpawner, set as `c.LabSpawner.NAME`."""

    deployment = Unicode(
        config=True,
        help="""Name of the deployment (COMPOSE_PROJECT_NAME). Containers and volumes are named and labelled by it.""",
    )
    hub_socket_volume = Unicode(config=True, help="The volume that holds the hub's socket; mounted read-only.")
    lab_sockets_volume = Unicode(
        config=True, help="The volume that holds the labs' directories; a lab gets its own directory of it, no more."
    )
    pids_limit = Integer(1024, config=True, help="Processes and threads that a lab may have.")
    nofile_limit = Integer(
        4096,
        config=True,
        help="Files that a process of a lab may have open; the guard allows no more than LAB_OPEN_FILES.",
    )
    log_max_size = Unicode("5m", config=True, help="Size at which a container's log is cut; one older file is kept.")
    start_slot_count = Integer(
        config=True,
        help="""Labs that may be starting at a time, 4 or twice the CPUs by default. The others wait: started
        all at once, each of a class's labs would be slower than the hub is ready to wait.""",
    )
    start_slot_seconds = Float(
        20.0,
        config=True,
        help="How long a lab that starts keeps its slot; one that takes longer goes on starting beside the others.",
    )
    home = Unicode("/home/jovyan", config=True, help="Where the home is in the lab.")
    homes = Unicode(
        "", config=True, help="Directory of the host that holds a directory each (HOMES); empty: a volume each."
    )
    shares = List(
        Dict(),
        config=True,
        help="Shared directories: see `homeroom.storage.storage.Share`. `make up` checks and renders them.",
    )
    handouts = List(
        Dict(),
        config=True,
        help="Where each group's handouts are, in the form of `shares`. What is new there is seen by running labs.",
    )
    more_shares = Callable(
        None,
        allow_none=True,
        config=True,
        help="Gives further ones of the form of `shares`, of the hub's configuration: those that come while it runs.",
    )
    skeleton = Unicode("", config=True, help="Host path of what each home is given at its first start; empty: nothing.")
    exam_files = Unicode("", config=True, help="Host path of the folders that exams begin with.")
    home_soft_limit = Integer(0, config=True, help="Bytes in a home above which its owner is warned; 0: never.")
    home_hard_limit = Integer(
        0, config=True, help="Bytes that a home cannot exceed; the guard sees to it; 0: no limit."
    )
    profiles = List(
        Dict(),
        config=True,
        help="""The profiles that users choose from, the default first: `site/profiles.yaml` with every default
        filled in. With only one that a user may take, their lab starts at once.""",
    )
    groups = Dict(config=True, help="What groups change for their members: `site/groups.yaml`, includes resolved.")
    role_of = Callable(
        None,
        allow_none=True,
        config=True,
        help="""What a lab is for, by whose it is (`homeroom.labs.plan.Person`): its server reads the configuration that
        the image has for this role, too. It returns an empty text for none.""",
    )
    total_lab_memory_bytes = Integer(
        0, config=True, help="Memory that all running labs together may reserve; 0: no limit."
    )
    total_lab_cpus = Float(0.0, config=True, help="CPUs that all running labs together may reserve; 0: no limit.")
    labs_set_aside = Integer(
        0,
        config=True,
        help="""For how many grader labs capacity is set aside: for those of the courses there are, the largest. Other
        labs get what is left.""",
    )
    queue_seconds = Integer(1800, config=True, help="How long a lab may wait in the queue.")
    labs_per_person = Integer(1, config=True, help="Labs that a user may run at once, where no group says otherwise.")
    lab_start_seconds = Integer(120, config=True, help="How long a lab may take to answer once it has left the queue.")

    remove = True

    @default("pull_policy")
    def _pull_policy_default(self) -> str:
        return "skip"

    @default("server_token_scopes")
    def _server_token_scopes_default(self) -> list[str]:
        """What a lab's own token is good for: telling the hub what goes on in it. It opens no lab, also not this one:
        it stands in the lab's environment, and would let in whoever read it there, long after they are out."""
        return ["users:activity!user"]

    @default("start_slot_count")
    def _start_slot_count_default(self) -> int:
        return max(4, 2 * (os.cpu_count() or 1))

    @default("name_template")
    def _name_template_default(self) -> str:
        return "{prefix}-{token}"

    @default("prefix")
    def _prefix_default(self) -> str:
        return f"{self.deployment}-jupyter"

    @default("options_from_form")
    def _options_from_form_default(self) -> Any:
        return lambda form: {"profile": form.get("profile", [""])[0]}
