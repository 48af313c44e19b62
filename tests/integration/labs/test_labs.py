"""A lab of one's own: it starts, computes, keeps its files, and is closed in."""

from __future__ import annotations

import gzip
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.hub_deployment import HubDeployment
from tests.person import Person


def test_a_class_that_comes_at_once_is_not_turned_away(deployment: HubDeployment) -> None:
    """Three hundred who come while the hub is busy all get their answer as soon as it is not."""
    hub = deployment.container("hub")

    def come(_: int) -> int:
        return requests.get(f"{deployment.url}hub/health", timeout=90).status_code

    with ThreadPoolExecutor(300) as pool:
        hub.pause()
        try:
            answers = [pool.submit(come, number) for number in range(300)]
            time.sleep(3)
        finally:
            hub.unpause()
        assert {answer.result() for answer in answers} == {200}


def test_the_limits_are_in_force(deployment: HubDeployment, admin: Person) -> None:
    """Memory, CPU and process limits of `.env` are what the kernel enforces, and a lab does not swap."""
    host = deployment.lab("admin").attrs["HostConfig"]
    assert host["Memory"] == 2**30
    assert host["MemorySwap"] == 2**30
    assert host["CpuQuota"] == host["CpuPeriod"]
    read = (
        "from pathlib import Path\n"
        "names = ['/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory.max']\n"
        "print(next(Path(n).read_text().strip() for n in names if Path(n).exists()))\n"
        "names = ['/sys/fs/cgroup/pids/pids.max', '/sys/fs/cgroup/pids.max']\n"
        "print(next(Path(n).read_text().strip() for n in names if Path(n).exists()))"
    )
    assert admin.run(read).split() == [str(2**30), "1024"]


def test_the_page_is_sent_compressed(deployment: HubDeployment, admin: Person) -> None:
    """A browser is sent a quarter of each script, and keeps it; whoever does not take that gets the file itself."""
    html = admin.get("user/admin/lab").text
    config = json.loads(html.partition('type="application/json">')[2].partition("</script>")[0])
    (git,) = (one for one in config["federated_extensions"] if one["name"] == "@jupyterlab/git")
    script = re.search(r'static/lab/main[^"]+', html)
    assert script
    for address in (script[0], f"lab/extensions/@jupyterlab/git/{git['load']}"):
        whole = admin.get(f"user/admin/{address}", headers={"Accept-Encoding": "identity"}, stream=True)
        sent = admin.get(f"user/admin/{address}", headers={"Accept-Encoding": "gzip, br"}, stream=True)
        assert "Content-Encoding" not in whole.headers
        assert sent.headers["Content-Encoding"] == "gzip"
        plain, compressed = whole.raw.read(), sent.raw.read()
        assert len(compressed) < len(plain) / 3
        assert gzip.decompress(compressed) == plain
        for name in ("Content-Type", "Cache-Control", "Vary"):
            assert sent.headers.get(name) == whole.headers.get(name)
        part = admin.get(f"user/admin/{address}", headers={"Accept-Encoding": "gzip", "Range": "bytes=0-9"})
        assert (part.status_code, part.content) == (206, plain[:10])
        known = {"Accept-Encoding": "gzip", "If-Modified-Since": sent.headers["Last-Modified"]}
        assert admin.get(f"user/admin/{address}", headers=known).status_code == 304
    assert admin.get("user/admin/static/lab/none.js").status_code == 404
    assert admin.get("user/admin/static/lab/%2e%2e/%2e%2e/settings/overrides.json").status_code in (403, 404)


def test_a_lab_is_hardened(deployment: HubDeployment, admin: Person) -> None:
    """A lab runs as an ordinary user without a way up, on no published port, under its deployment's labels."""
    attributes = deployment.lab("admin").attrs
    host = attributes["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert any("no-new-privileges" in option for option in host["SecurityOpt"])
    assert not host["PortBindings"]
    assert attributes["Config"]["Labels"]["homeroom.user"] == "admin"
    status = admin.run("print(open('/proc/self/status').read())")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert fields["Uid"].split()[0] == "1000"
    assert int(fields["CapBnd"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


def test_a_lab_listens_on_no_network_and_sees_no_other(deployment: HubDeployment, admin: Person) -> None:
    """The lab's server has no TCP port beyond loopback, and of all sockets only its own and the hub's."""
    listening = (
        "lines = [line for name in ('tcp', 'tcp6') for line in open(f'/proc/net/{name}').read().splitlines()[1:]]\n"
        "rows = [line.split() for line in lines]\n"
        "loopback = ('0100007F', '00000000000000000000000001000000', '0B00007F')\n"
        "print([row[1] for row in rows if row[3] == '0A' and row[1].split(':')[0] not in loopback])"
    )
    assert admin.run(listening) == "[]\n"
    assert admin.run("import os; print(sorted(os.listdir('/run/lab')), sorted(os.listdir('/run/hub')))") == (
        "['lab.sock'] ['hub.sock']\n"
    )


def test_the_environment_of_the_server_cannot_be_changed_but_pip_works(admin: Person) -> None:
    """What runs before a person's code is root's; what they install themselves lands in their home."""
    assert (
        admin.run("import os; print(os.access('/opt/jupyter', os.W_OK), os.access('/usr/local', os.W_OK))")
        == "False False\n"
    )
    assert admin.run("import site; print(site.getusersitepackages().startswith('/home/jovyan/'))") == "True\n"


def test_a_stopped_lab_leaves_no_container(deployment: HubDeployment, admin: Person) -> None:
    """A lab's container is removed when it stops; the home volume stays, with its owner's labels."""
    admin.stop_lab()
    with pytest.raises(IndexError):
        deployment.lab("admin")
    from tests.hub_deployment import engine

    volume = engine().volumes.get(f"{deployment.project}-user-admin")
    assert volume.attrs["Labels"]["homeroom.user"] == "admin"
