"""A deployment for tests that break things: light labs beside real ones, a small disk under its database."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests

from tests.faults import until
from tests.hub_deployment import ROOT, HubDeployment, engine
from tests.person import Person
from tests.stub_lab import COMMAND

DISK = "32m"
TOTAL_LAB_MEMORY = "6G"
PROFILES = """\
profiles:
  - {name: real, memory: 1G}
  - {name: light, memory: 64M, shm: 64M, cpus: 0.5, image: "PROJECT-hub:local"}
  - {name: slow, memory: 64M, shm: 64M, cpus: 0.5, image: "PROJECT-hub:local", environment: {SLOW_START: "2"}}
  - {name: clinging, memory: 64M, shm: 64M, cpus: 0.5, image: "PROJECT-hub:local", environment: {SLOW_END: "2"}}
"""
HUB_D = f"""\
def light(spawner):
    spawner.cmd = None if spawner.plan.profile == "real" else {COMMAND!r}

c.LabSpawner.pre_spawn_hook = light
"""


class FaultyDeployment(HubDeployment):
    """Such a deployment; its database is on a disk of DISK bytes, which a container without a task keeps mounted."""

    people: dict[str, Person]

    def prepare(self, images_of: HubDeployment) -> None:
        """Lay everything out and bring it up, with images that another deployment has built already."""
        self.people = {}
        for name in ("hub", "proxy", "lab"):
            engine().images.get(f"{images_of.project}-{name}:local").tag(f"{self.project}-{name}", "local")
        self.make("init")
        site = self.directory / "site"
        (site / "profiles.yaml").write_text(PROFILES.replace("PROJECT", self.project))
        (site / "hub.d" / "10-light.py").write_text(HUB_D)
        compose = {"com.docker.compose.project": self.project, "com.docker.compose.volume": "data"}
        owner = "uid=990,gid=100,mode=0700"
        self.disk_holder = self.small_disk("_data", "/srv/data", f"size={DISK},{owner}", compose)
        self.up()

    def small_disk(self, name: str, target: str, options: str, labels: Mapping[str, str]) -> Any:
        """Make a volume of the deployment in memory, and a container without a task that keeps it mounted.

        :param name: what follows the project's in the volume's.
        :param options: of the tmpfs.
        :returns: the container.
        """
        own = {"homeroom.deployment": self.project}
        volume = engine().volumes.create(
            f"{self.project}{name}",
            driver="local",
            driver_opts={"type": "tmpfs", "device": "tmpfs", "o": options},
            labels={**own, **labels},
        )
        return engine().containers.run(
            f"{self.project}-hub:local",
            ["sleep", "infinity"],
            detach=True,
            init=True,
            labels=own,
            volumes={volume.name: {"bind": target, "mode": "rw"}},
        )

    def person(self, name: str = "admin") -> Person:
        """Somebody with an account, signed in."""
        if name not in self.people:
            password = self.password
            if name != "admin":
                password = self.new_password(name)
            self.people[name] = Person(self, name)
            assert self.people[name].sign_in(password).url.endswith("hub/home")
        return self.people[name]

    def on_disk(self, script: str) -> str:
        """Run a shell's lines beside the database, as the hub's user, also while the hub is down."""
        done: Any = self.disk_holder.exec_run(["bash", "-c", script], workdir="/srv/data")
        assert done.exit_code == 0, done.output
        return str(done.output.decode())

    def type_documented(self, heading: str, number: int) -> str:
        """Type the commands of one of the console blocks under a heading of docs/operations.md, as they stand."""
        section = (ROOT / "docs/operations.md").read_text().partition(f"### {heading}\n")[2].partition("\n## ")[0]
        commands = re.findall(r"```console\n(.*?)```", section, re.DOTALL)[number]
        done = subprocess.run(
            ["bash", "-ec", commands],
            cwd=self.directory,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def crowd(self, *names: str) -> None:
        """Have people whom the hub knows and who never sign in: the administrator starts and stops their labs."""
        answer = self.person().api("POST", "users", json={"usernames": list(names)})
        assert answer.status_code in (201, 409), answer.text

    def ask(self, method: str, name: str, profile: str = "") -> requests.Response:
        """Start (POST) or stop (DELETE) somebody's lab, as the administrator."""
        body = {"json": {"profile": profile}} if profile else {}
        return self.person().api(method, f"users/{name}/server", **body)

    def ask_all(self, method: str, names: Iterable[str], profile: str = "") -> list[str]:
        """Start or stop many labs at once; returns what went wrong, the hub's absence included."""

        def one(name: str) -> str:
            try:
                answer = self.ask(method, name, profile)
            except requests.RequestException as error:
                return f"{name}: {error}"
            return "" if answer.ok else f"{name}: {answer.status_code} {answer.text}"

        with ThreadPoolExecutor(20) as pool:
            return [said for said in pool.map(one, names) if said]

    def servers(self) -> dict[str, bool]:
        """Who has a lab as far as the hub knows, and whether it is ready."""
        found = {}
        for user in self.person().api("GET", "users?state=active").json():
            for server in user["servers"].values():
                found[user["name"]] = server["ready"]
        return found

    def containers(self) -> list[str]:
        """Whose labs' containers there are, in whichever state; somebody with two is listed twice."""
        labels = [f"homeroom.deployment={self.project}", "homeroom.user"]
        found: Any = engine().api.containers(all=True, filters={"label": labels})
        return sorted(each["Labels"]["homeroom.user"] for each in found)

    def labs_running(self) -> set[str]:
        """The ids of the labs' containers that run."""
        labels = [f"homeroom.deployment={self.project}", "homeroom.user"]
        found: Any = engine().api.containers(filters={"label": labels})
        return {each["Id"] for each in found}

    def routes(self) -> list[str]:
        """The labs that the proxy knows the way to."""
        return sorted(path for path in self.person().api("GET", "proxy").json() if path.startswith("/user/"))

    def socket_directories(self) -> list[str]:
        """The labs' directories of sockets."""
        mounted = Path(engine().volumes.get(f"{self.project}_lab-sockets").attrs["Mountpoint"])
        return sorted(path.name for path in mounted.iterdir())

    def until_ready(self, *names: str) -> None:
        """Wait until these people's labs are ready, whoever else has one."""
        until(lambda: all(self.servers().get(name) for name in names), f"the labs of {names} are ready", interval=0.2)

    def until_empty(self) -> None:
        """Wait until nothing is left of any lab: no server, container, route or directory."""

        def left() -> tuple[Any, ...]:
            return self.servers(), self.containers(), self.routes(), self.socket_directories()

        until(lambda: not any(left()), f"nothing is left of any lab; now {left()}", interval=0.2)

    def stop_all(self) -> None:
        """Stop every lab and wait until nothing is left of it."""
        until(lambda: all(self.servers().values()), "no lab is just starting or stopping", interval=0.2)
        self.ask_all("DELETE", self.servers())
        self.until_empty()
