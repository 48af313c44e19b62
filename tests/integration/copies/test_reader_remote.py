"""People see and take back their own files from copies that are on another machine."""

from __future__ import annotations

import contextlib
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from homeroom.copies.page import encoded

from tests.faults import until
from tests.hub_deployment import HubDeployment, free_port
from tests.integration.copies.repository import sent_to
from tests.integration.copies.servers import address_here, rest_server, sftp_server
from tests.person import Person

GONE, SOON_SECONDS = "The copies cannot be read now", 30
SHOWN = "import glob; (one,) = glob.glob('essay-*.txt'); print(open(one).read(), os.stat(one).st_uid); os.remove(one)"


@contextlib.contextmanager
def server(kind: str, deployment: HubDeployment, folder: Path) -> Iterator[str]:
    """A server that has no copies yet; yields its address as BACKUP_TO has it."""
    host, store = address_here(), folder / "store/hub"
    store.mkdir(parents=True)
    if kind == "rest":
        with rest_server(folder, host) as port:
            yield f"rest:http://{host}:{port}/hub/"
        return
    port, ssh = free_port(), deployment.directory / "backup/ssh"
    with sftp_server(folder, port, host) as allowed:
        address = f"sftp://root@{host}:{port}/{store}"
        with sent_to(deployment, address):
            deployment.verb("backup")  # it is refused, and makes our key
        (ssh / "known_hosts").write_text(f"[{host}]:{port} {(folder / 'host.pub').read_text()}")
        allowed.write_text((ssh / "id_ed25519.pub").read_text())
        allowed.chmod(0o600)
        yield address


@pytest.fixture
def restored(deployment: HubDeployment) -> Iterator[HubDeployment]:
    """The deployment, which is brought back to its own settings afterwards."""
    yield deployment
    shutil.rmtree(deployment.directory / "backup/ssh", ignore_errors=True)
    deployment.up()


@pytest.mark.parametrize("kind", ["rest", "sftp"])
def test_people_take_files_back_from_another_machine(
    restored: HubDeployment, place: Path, admin: Person, tmp_path: Path, kind: str
) -> None:
    """With copies on a rest-server or an SFTP server the home page has its panel, a lost file is found and comes back
    while the lab runs, and downloads; the hub holds neither password nor key. Where the server is gone the page says
    so, and the home page is as usual."""
    admin.run("open('essay.txt', 'w').write('weeks-of-work')")
    with server(kind, restored, tmp_path) as address:
        with sent_to(restored, address):
            restored.make("backup")
            restored.up()
        admin.run("import os; os.remove('essay.txt')")
        assert "Look for it in the copies" in admin.get("hub/home").text
        shown = admin.get("hub/homeroom/copies").text
        assert "Take back: essay.txt" in shown
        copy = re.search(r'value="([0-9a-f]{64})"', shown)
        assert copy
        where = f"copy={copy[1]}&at={encoded('essay.txt')}"
        assert admin.get(f"hub/homeroom/copies/download?{where}").text == "weeks-of-work"
        assert admin.post_form(f"hub/homeroom/copies/take-back?{where}").status_code == 200
        until(lambda: "It is back" in admin.get("hub/homeroom/copies").text, "the file is back")
    assert admin.run(f"import os; {SHOWN}").split() == ["weeks-of-work", "1000"]
    hub = restored.container("hub").attrs
    assert not any("/backup" in mount.get("Source", "") for mount in hub["Mounts"])
    until(lambda: GONE in admin.get("hub/homeroom/copies").text, "that the server is gone is told")
    began = time.monotonic()
    assert GONE in admin.get("hub/homeroom/copies").text
    assert time.monotonic() - began < SOON_SECONDS
    assert admin.get("hub/home").status_code == 200
