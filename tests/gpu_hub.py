"""A hub's way with GPUs, without a hub: leases by GPUPool and makes containers, as a process that can be killed.

`python -m tests.gpu_hub ENGINE_URL IMAGE LOCKS CDI_NAMES USER...` starts a lab for each user as soon as there is a GPU,
keeps it a moment, removes it and prints the user's name. Each lab takes the kernel's lock of each device it sees:
whoever finds one taken leaves CLASH behind, whoever sees other devices than it was given leaves WRONG.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import docker.errors
from homeroom.gpus.leases import Unavailable
from homeroom.gpus.pool import GPUPool

DEPLOYMENT = "homeroom.deployment"
LAB = """
seen=$(echo /dev/nvidia*)
[ "$seen" = "$EXPECTED" ] || echo "$seen, not $EXPECTED" > /locks/WRONG
descriptor=3
for node in /dev/nvidia*; do
    eval "exec $descriptor> /locks/${node##*/}"
    flock -n $descriptor || echo "$node" > /locks/CLASH
    descriptor=$((descriptor + 1))
done
exec sleep 60
"""
HOLD_SECONDS = 0.3
OUTLIVING_SECONDS = 2.0


class Hub:
    """One life of the hub."""

    def __init__(self, url: str, image: str, locks: str, names: list[str]) -> None:
        self.client: Any = docker.APIClient(base_url=url, timeout=120, max_pool_size=16)
        self.image, self.locks = image, locks
        self.pool = GPUPool(gpus=[{"id": name, "nodes": [f"/dev/nvidia{at}"]} for at, name in enumerate(names)])
        self.pool.list_containers = self.list_containers
        self.threads = ThreadPoolExecutor(8)
        self.own: set[str] = set()
        self.born = time.monotonic()

    async def call(self, method: str, *arguments: Any, **options: Any) -> Any:
        """One call to the engine, in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, lambda: getattr(self.client, method)(*arguments, **options))

    async def list_containers(self) -> list[dict[str, Any]]:
        """All labs with GPUs."""
        found: list[dict[str, Any]] = await self.call("containers", all=True, filters={"label": "homeroom.gpus"})
        return found

    async def remove_orphans(self) -> None:
        """Labs of the hub before go on for a while, as labs do; then nobody knows of them any more."""
        if time.monotonic() < self.born + OUTLIVING_SECONDS:
            return
        for row in await self.list_containers():
            if row["Labels"]["homeroom.user"] not in self.own:
                await self.remove(row["Id"])

    async def remove(self, name: str) -> None:
        """Remove a container, if it is there."""
        try:
            await self.call("remove_container", name, force=True, v=True)
        except docker.errors.NotFound:
            pass
        except docker.errors.APIError as error:
            if error.status_code != 409:  # being removed already
                raise

    async def serve(self, user: str) -> None:
        """A person's lab, from the wish to its end."""
        while True:
            try:
                self.own.add(user)
                lease = await self.pool.lease(user, "", 2 if user.endswith("0") else 1)
                break
            except Unavailable:
                self.own.discard(user)
                await self.remove_orphans()
                await asyncio.sleep(random.uniform(0.05, 0.2))
        await self.remove(f"gpu-lab-{user}")
        nodes = sorted(node for device in self.pool.devices(lease) for node in device.nodes)
        host = {"network_mode": "none", "binds": [f"{self.locks}:/locks"], **self.pool.host_config(lease)}
        creation = asyncio.ensure_future(
            self.call(
                "create_container",
                self.image,
                ["sh", "-c", LAB],
                name=f"gpu-lab-{user}",
                labels={"homeroom.user": user, "homeroom.server": "", **self.pool.labels(lease)},
                environment={"EXPECTED": " ".join(nodes), **self.pool.environment(lease)},
                host_config=self.client.create_host_config(**host),
                stop_signal="SIGKILL",
            )
        )
        creation.add_done_callback(lambda _: self.pool.release(lease))
        made = (await asyncio.shield(creation))["Id"]
        if random.random() < 0.1:  # a start that is given up between its two calls
            await self.remove(made)
            return await self.serve(user)
        await self.call("start", made)
        await asyncio.sleep(random.uniform(0, 2 * HOLD_SECONDS))
        await self.remove(made)
        print(user, flush=True)
        return None


async def main() -> None:
    """Serve everybody at once."""
    url, image, locks, names, *users = sys.argv[1:]
    hub = Hub(url, image, locks, names.split(","))
    await asyncio.gather(*(hub.serve(user) for user in users))


if __name__ == "__main__":
    asyncio.run(main())
