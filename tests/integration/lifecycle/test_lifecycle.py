"""How labs end and begin again, on a deployment of its own with timeouts of seconds."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.hub_deployment import HubDeployment, deployment_with_site, engine
from tests.person import PATIENCE_SECONDS, Person

PROFILES = """\
profiles:
  - name: brief
    default: true
    memory: 300M
    cpus: 0.5
    idle_seconds: 30
  - name: limited
    memory: 300M
    cpus: 0.5
    idle_seconds: 0
    max_age_seconds: 45
  - name: tiny
    memory: 256M
    idle_seconds: 0
  - name: steady
    memory: 300M
    idle_seconds: 0
    kernel_idle_seconds: 5
"""
GROUPS = """\
groups:
  keepers:
    members: [dora]
    never_idle: true
  builders:
    members: [lea]
    max_labs: 2
"""
IDLE_SECONDS = 30
WATCHED_SECONDS = 300
PRINTS = "import time\nwhile True: print(1, flush=True); time.sleep(0.2)"
SILENT = ["nohup", "/usr/bin/python3", "-c", "import time\nwhile True: sum(range(10**7)); time.sleep(0.1)"]


@pytest.fixture(scope="module")
def hostel(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment whose labs end within seconds; sign-in by name alone."""
    site = {"profiles.yaml": PROFILES, "groups.yaml": GROUPS}
    with deployment_with_site(
        tmp_path_factory.mktemp("hostel"), "hrhostel", site, TIMEZONE="Asia/Kolkata"
    ) as deployment:
        yield deployment


def signed_in(deployment: HubDeployment, name: str) -> Person:
    """Somebody who has signed in."""
    person = Person(deployment, name)
    person.sign_in("")
    return person


def ask_for_more_time(person: Person) -> None:
    """Press the button on the home page."""
    assert "Two more hours" in person.get("hub/home").text
    assert person.post_form(f"hub/homeroom/labs/{person.name}/more-time").status_code == 200


def look_at(person: Person, ended: threading.Event) -> None:
    """What an open page does by itself, every second."""
    while not ended.wait(1):
        for path in ("kernels", "sessions", "terminals", "contents"):
            try:
                person.lab_api("GET", path, allow_redirects=False)
            except requests.RequestException:
                return


@pytest.fixture(scope="module")
def ends(hostel: HubDeployment) -> Iterator[dict[str, float]]:
    """After how many seconds each lab was stopped; who is still there is not in it.

    Ada's page is open and nothing runs; Bela's cell computes and prints nothing; Carol's prints, in a lab with a
    longest run; Dora is exempt by her group and does nothing; Emil left a silent program in the background; Flora asked
    for two more hours and does nothing.
    """
    people = {name: signed_in(hostel, name) for name in ("ada", "bela", "carol", "dora", "emil", "flora")}
    works: dict[str, Callable[[Person], Any]] = {
        "bela": lambda bela: bela.kernel().start("import time; time.sleep(600)"),
        "carol": lambda carol: carol.kernel().start(PRINTS),
        "emil": lambda emil: emil.run(f"import subprocess; subprocess.Popen({SILENT!r}, start_new_session=True)"),
        "flora": ask_for_more_time,
        "ada": lambda ada: ada.run("open('kept.txt', 'w').write('here')"),
    }

    def begin(name: str) -> None:
        people[name].start_lab(profile="limited" if name == "carol" else "brief")
        if name in works:
            works[name](people[name])

    with ThreadPoolExecutor(len(people)) as pool:  # at once: nobody's lab is idle while the others' start
        list(pool.map(begin, people))
    hostel.make("restart")  # a hub that comes back knows what each lab was started with
    began = time.monotonic()
    over = threading.Event()
    threading.Thread(target=look_at, args=(people["ada"], over), daemon=True).start()
    found: dict[str, float] = {}
    while time.monotonic() < began + WATCHED_SECONDS and not {"ada", "carol"} <= found.keys():
        for name in people.keys() - found.keys():
            if not hostel.labs(name):
                found[name] = time.monotonic() - began
        time.sleep(0.5)
    over.set()
    time.sleep(IDLE_SECONDS)  # by now the others' labs were idle, or busy, for twice the time
    found |= {name: time.monotonic() - began for name in people if name not in found and not hostel.labs(name)}
    yield found
    for person in people.values():
        person.stop_lab_if_any()


def test_an_idle_lab_is_stopped_and_its_files_stay(hostel: HubDeployment, ends: dict[str, float]) -> None:
    """A lab in which nothing runs is stopped after its profile's time, though a page of it is open; its files stay."""
    assert "ada" in ends
    ada = signed_in(hostel, "ada")
    assert "it was idle for 30 s" in " ".join(ada.get("hub/home").text.split())
    ada.start_lab(profile="steady")
    assert ada.run("print(open('kept.txt').read())") == "here\n"
    assert "it was idle" not in ada.get("hub/home").text


def test_a_running_cell_keeps_its_lab(ends: dict[str, float]) -> None:
    """A lab in which a cell computes is not stopped for being idle, though the cell prints nothing."""
    assert "bela" not in ends


def test_a_silent_program_keeps_its_lab(ends: dict[str, float]) -> None:
    """A lab in which a program computes in the background is not stopped for being idle, though no cell runs and the
    program prints nothing."""
    assert "emil" not in ends


def test_two_more_hours_keep_an_idle_lab(hostel: HubDeployment, ends: dict[str, float]) -> None:
    """Who asks for two more hours on the home page is not stopped for being idle, also by a hub that was restarted
    since, and reads how long the lab has."""
    assert "flora" not in ends
    page = " ".join(signed_in(hostel, "flora").get("hub/home").text.split())
    assert re.search(r"stops in 1[01][0-9] min if it is not used", page)
    assert "Two more hours" not in page


def test_the_maximum_age_ends_a_busy_lab(ends: dict[str, float]) -> None:
    """A lab whose profile has a longest run is stopped after it, whatever runs in it."""
    assert "carol" in ends


def test_a_group_exempts_its_members(ends: dict[str, float]) -> None:
    """Whoever is in a group that is never idle keeps an idle lab."""
    assert "dora" not in ends


def test_idle_kernels_are_stopped_in_a_lab_that_goes_on(hostel: HubDeployment) -> None:
    """A kernel idle for its profile's time is stopped, also with a page connected; a busy one and the lab go on."""
    eve = signed_in(hostel, "eve")
    eve.start_lab(profile="steady")
    with eve.kernel() as idle, eve.kernel() as busy:
        idle.run("1")
        busy.start("import time; time.sleep(600)")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while len(eve.lab_api("GET", "kernels").json()) > 1:
            assert time.monotonic() < deadline, "the idle kernel is still there"
            time.sleep(0.5)
        assert [each["id"] for each in eve.lab_api("GET", "kernels").json()] == [busy.id]
    eve.stop_lab()


HOG = "taken = []\nwhile True: taken.append(bytearray(10_000_000))"


def test_a_kernel_that_takes_all_memory_goes_alone_and_says_why(hostel: HubDeployment) -> None:
    """A cell that takes more memory than the lab has costs its kernel only: the server and the other kernel go on, the
    reason stands below the cell, and the kernel comes back. A kernel that ends otherwise is not said to lack memory."""
    fay = signed_in(hostel, "fay")
    fay.start_lab(profile="tiny")
    started = hostel.lab("fay").attrs["State"]["StartedAt"]
    with fay.kernel() as other, fay.kernel() as hog:
        other.run("kept = 5")
        told = hog.told_until_restart(hog.start(HOG))
        assert "Out of memory" in told
        assert "(256 MB)" in told
        assert other.run("print(kept)") == "5\n"
        assert "Out of memory" not in other.told_until_restart(other.start("import os; os._exit(1)"))
    state = hostel.lab("fay").attrs["State"]
    assert (state["Running"], state["StartedAt"]) == (True, started)
    assert fay.run("print(open('/proc/self/oom_score_adj').read().strip())") == "1000\n"
    fay.stop_lab()


def test_a_lab_that_is_killed_for_memory_says_so_on_the_home_page(hostel: HubDeployment) -> None:
    """Where memory took the whole lab, its owner reads so on the home page, and starts it again."""
    gus = signed_in(hostel, "gus")
    gus.start_lab(profile="tiny")
    lab = hostel.lab("gus")
    server = "for each in $(pgrep -f '[h]omeroom_lab'); do echo 1000 >/proc/$each/oom_score_adj; done; "
    lab.exec_run(["sh", "-c", server + "/usr/bin/python3 -c 'x = []\nwhile True: x.append(bytearray(10**7))'"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while hostel.lab("gus").status == "running":
        assert time.monotonic() < deadline, "the lab is still there"
        time.sleep(0.5)
    page = gus.get("hub/home").text
    assert "Your lab ran out of memory and was stopped." in page
    assert "256 MB" in page
    gus.start_lab(profile="tiny")
    assert "ran out of memory" not in gus.get("hub/home").text
    gus.stop_lab()


def test_nobody_else_restarts_or_resets_a_lab(hostel: HubDeployment) -> None:
    """A link that somebody is made to follow does nothing, nor does a form from elsewhere or from another person; nor
    does anybody else keep it running."""
    hal, ian = signed_in(hostel, "hal"), signed_in(hostel, "ian")
    assert hal.get("hub/homeroom/labs/hal/restart").url.endswith("/hub/home")
    for path in (f"hub/homeroom/labs/hal/{verb}" for verb in ("restart", "reset", "more-time")):
        assert hal.web.post(hal.deployment.url + path, timeout=PATIENCE_SECONDS).status_code == 403
        ian.get("hub/home")
        assert ian.post_form(path).status_code in (403, 404)
    assert hostel.labs("hal") == []


def test_reset_and_restart_from_the_home_page(hostel: HubDeployment) -> None:
    """Two forms without a script. A reset, once confirmed, sets aside what was installed and configured and keeps
    notebooks; a restart gives a lab that is stuck a new start of the same kind, and resets nothing again."""
    kim = signed_in(hostel, "kim")
    kim.start_lab(profile="tiny")
    kim.run(
        "from pathlib import Path\nhome = Path.home()\n(home / 'work.ipynb').write_text('{}')\n"
        "(home / '.local/lib').mkdir(parents=True, exist_ok=True)\n(home / '.local/lib/broken').write_text('here')"
    )
    reset, restart = "hub/homeroom/labs/kim/reset", "hub/homeroom/labs/kim/restart"
    assert f'action="/{restart}"' in kim.get("hub/home").text
    asked = hostel.lab("kim").id
    assert "Notebooks and other files stay" in kim.get(reset).text
    assert hostel.lab("kim").id == asked
    kim.post_form(reset)
    kim.wait_for_lab()
    look = (
        "from pathlib import Path\nhome = Path.home()\naside = list(home.glob('set-aside-*'))\n"
        "print((home / 'work.ipynb').exists(), (home / '.local/lib/broken').exists(), "
        "[(each / 'local/lib/broken').read_text() for each in aside])"
    )
    assert kim.run(look) == "True False ['here']\n"
    stuck = hostel.lab("kim")
    stuck.pause()
    kim.post_form(restart)
    kim.wait_for_lab()
    assert hostel.lab("kim").id != stuck.id
    assert hostel.lab("kim").labels["homeroom.profile"] == "tiny"
    assert kim.run(look) == "True False ['here']\n"
    kim.stop_lab()


def test_further_labs_for_whom_a_group_allows_them(hostel: HubDeployment) -> None:
    """Who is in a group with `max_labs: 2` runs a second lab on the same home and no third; others run one, and their
    home page offers no more."""
    lea, mia = signed_in(hostel, "lea"), signed_in(hostel, "mia")
    assert "new-server-btn" in lea.get("hub/home").text
    assert "new-server-btn" not in mia.get("hub/home").text
    lea.start_lab(profile="tiny")
    lea.run("open('shared.txt', 'w').write('both')")
    assert lea.api("POST", "users/lea/servers/second", json={"profile": "tiny"}).status_code in (201, 202)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not lea.api("GET", "users/lea").json()["servers"].get("second", {}).get("ready"):
        assert time.monotonic() < deadline, "the second lab did not start"
        time.sleep(0.2)
    labs = {lab.labels["homeroom.server"]: lab for lab in hostel.labs("lea")}
    assert set(labs) == {"", "second"}
    assert labs["second"].exec_run(["cat", "/home/jovyan/shared.txt"]).output == b"both"
    assert "JupyterLab" in lea.get("user/lea/second/lab").text
    assert len(re.findall(r"<span>\d+ MB of 256 MB memory in use</span>", lea.get("hub/home").text)) == 2
    assert lea.api("POST", "users/lea/servers/third", json={"profile": "tiny"}).status_code in (400, 403)
    mia.get("hub/home")
    mia.api("POST", "users/mia/servers/second", json={"profile": "tiny"})
    assert mia.api("POST", "users/mia/servers/second", json={"profile": "tiny"}).status_code == 403
    assert hostel.labs("mia") == []
    lea.get("hub/home")
    assert lea.api("DELETE", "users/lea/servers/second").status_code in (202, 204)
    lea.stop_lab()


def test_old_images_and_the_time_zone(hostel: HubDeployment) -> None:
    """`make status` marks a lab whose image has been built anew; labs keep the deployment's time."""
    nia = signed_in(hostel, "nia")
    nia.start_lab(profile="tiny")
    assert hostel.lab("nia").exec_run(["date", "+%z"]).output == b"+0530\n"
    assert "(old)" not in hostel.make("status").stdout
    images, tag = engine().images, f"{hostel.project}-lab:local"
    current = images.get(tag)
    images.get(f"{hostel.project}-hub:local").tag(tag)
    try:
        shown = hostel.make("status").stdout
    finally:
        current.tag(tag)
    assert "(old)" in shown
    assert "of them run an old image" in shown
    nia.stop_lab()


def test_a_locale_that_an_image_has_not(hostel: HubDeployment) -> None:
    """`make check` and `make up` refuse a locale that the image of any profile does not have, and what runs is
    untouched."""
    environment, profiles = hostel.directory / ".env", hostel.directory / "site" / "profiles.yaml"
    before = {path: path.read_text() for path in (environment, profiles)}
    environment.write_text(f"{before[environment]}\nLAB_LANG=xx_XX.UTF-8\n")
    base = "debian:trixie-slim"
    profiles.write_text(f"profiles:\n  - {{name: own}}\n  - {{name: plain, image: {base}}}\n")
    try:
        for verb in ("check", "up"):
            done = hostel.verb(verb)
            said = " ".join(done.stdout.split())
            assert done.returncode == 2
            assert ".env: LAB_LANG" in said
            for image in (f"{hostel.project}-lab:local", base):
                assert f"the image {image} has no locale xx_XX.UTF-8" in said
    finally:
        for path, text in before.items():
            path.write_text(text)
