"""Profiles, groups and the line before the machine, on a deployment of their own."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest

from tests.hub_deployment import HubDeployment, deployment_with_site
from tests.person import Person

PROFILES = """\
profiles:
  - name: small
    description: For everyone.
    default: true
    memory: 300M
    cpus: 0.5
  - name: exam
    display_name: Exam room
    memory: 300M
    network: none
    ephemeral: true
    environment: {EXAM: "yes"}
    shm: 128M
  - name: large
    memory: 700M
    allow: {groups: [staff]}
"""
GROUPS = """\
groups:
  staff:
    members: [carol]
  biology:
    members: [dora]
    memory: 400M
    environment: {COURSE: biology}
"""
PASSWORD = "a-rather-long-one"


@pytest.fixture(scope="module")
def school(prepared_engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubDeployment]:
    """A deployment with three kinds of labs and room for 1000M of them; sign-in by name alone."""
    site = {"profiles.yaml": PROFILES, "groups.yaml": GROUPS}
    made = tmp_path_factory.mktemp("school")
    with deployment_with_site(made, "hrschool", site, TOTAL_LAB_MEMORY="1000M", QUEUE_SECONDS="60") as deployment:
        yield deployment


@pytest.fixture
def people(school: HubDeployment) -> Iterator[dict[str, Person]]:
    """Ada, Bela, Carol (staff) and Dora (biology), signed in; their labs are stopped afterwards."""
    found = {}
    for name in ("ada", "bela", "carol", "dora"):
        found[name] = Person(school, name)
        found[name].sign_in("")
    yield found
    for person in found.values():
        person.stop_lab_if_any()


def test_the_choice_page_shows_what_one_may_take(people: dict[str, Person]) -> None:
    """Everyone sees their own profiles only, with what each gives and how many places are free."""
    page = people["ada"].get("hub/spawn").text
    assert re.findall(r'name="profile"[^>]*value="(\w+)"', " ".join(page.split())) == ["small", "exam"]
    assert "300 MB memory" in page
    assert "3 are free now" in page
    assert 'value="large"' in people["carol"].get("hub/spawn").text


def test_a_profile_of_others_cannot_be_started_by_hand(people: dict[str, Person]) -> None:
    """A request made by hand for a profile that one may not take is refused on the server."""
    answer = people["ada"].api("POST", "users/ada/server", json={"profile": "large"})
    assert answer.status_code == 403
    assert "cannot start this profile" in answer.text


def test_a_lab_gets_what_its_profile_says(school: HubDeployment, people: dict[str, Person]) -> None:
    """Memory, CPUs, shared memory, environment and network of the profile are in force; so are a group's changes."""
    people["ada"].start_lab(profile="exam")
    host = school.lab("ada").attrs["HostConfig"]
    assert (host["Memory"], host["ShmSize"], host["NetworkMode"]) == (300 * 2**20, 128 * 2**20, "none")
    assert people["ada"].run("import os; print(os.environ['EXAM'], os.listdir('/sys/class/net'))") == "yes ['lo']\n"
    people["dora"].start_lab(profile="small")
    host = school.lab("dora").attrs["HostConfig"]
    assert (host["Memory"], host["CpuQuota"]) == (400 * 2**20, 50_000)
    assert people["dora"].run("import os; print(os.environ['COURSE'])") == "biology\n"


def test_an_ephemeral_home_goes_with_its_lab(people: dict[str, Person]) -> None:
    """In a profile that says so one can write; it is gone with the lab, and the own home is not touched."""
    ada = people["ada"]
    ada.start_lab(profile="small")
    ada.run("open('mine', 'w').write('kept')")
    ada.stop_lab()
    ada.start_lab(profile="exam")
    assert ada.run("import os; print('mine' in os.listdir()); open('exam', 'w').write('x')") == "False\n"
    ada.stop_lab()
    ada.start_lab(profile="exam")
    assert ada.run("import os; print('exam' in os.listdir())") == "False\n"
    ada.stop_lab()
    ada.start_lab(profile="small")
    assert ada.run("print(open('mine').read())") == "kept\n"


def test_who_does_not_fit_waits_in_the_queue_and_is_served(school: HubDeployment, people: dict[str, Person]) -> None:
    """With 1000M for all, a 700M lab after two of 300M waits, sees its position, and starts when one of them stops."""
    people["ada"].start_lab(profile="small")
    people["bela"].start_lab(profile="small")
    carol = people["carol"]
    carol.get("hub/home")
    assert carol.api("POST", "users/carol/server", json={"profile": "large"}).status_code == 202
    told = carol.progress_until("queue")
    assert "next in the queue" in told
    assert "too little memory" in told
    with pytest.raises(IndexError):
        school.lab("carol")
    people["ada"].stop_lab()
    carol.wait_for_lab()
    assert school.lab("carol").attrs["HostConfig"]["Memory"] == 700 * 2**20


def test_the_queue_counts_right_after_a_hub_restart(school: HubDeployment, people: dict[str, Person]) -> None:
    """A restarted hub reads who has a place from the containers: nobody gets memory that is promised already."""
    people["ada"].start_lab(profile="small")
    people["bela"].start_lab(profile="small")
    school.make("restart")
    carol = people["carol"]
    carol.get("hub/home")
    assert carol.api("POST", "users/carol/server", json={"profile": "large"}).status_code == 202
    time.sleep(3)
    with pytest.raises(IndexError):
        school.lab("carol")
    people["bela"].stop_lab()
    carol.wait_for_lab()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("profiles.yaml", "profiles:\n  - name: a\n   bad", ("site/profiles.yaml line 3 column",)),
        (
            "profiles.yaml",
            "profiles:\n  - name: a\n    memry: 1G\n",
            ("line 3 column 5", "memry", "Did you mean memory?"),
        ),
        ("profiles.yaml", "profiles:\n  - name: a\n  - name: a\n", ("line 3", "the profile a is there twice")),
        ("profiles.yaml", "profiles:\n  - name: a\n    memory: 2G\n", ("line 3", "would never start")),
        ("profiles.yaml", "profiles:\n  - name: a\n    memory: lots\n", ("line 3", "is not a size such as 512M or 2G")),
        ("groups.yaml", "groups:\n  a: {includes: [b]}\n  b: {includes: [a]}\n", ("line 2", "include each other")),
        ("groups.yaml", "groups:\n  a: {includes: [nobody]}\n", ("line 2", "there is no group nobody")),
    ],
)
def test_a_faulty_site_file(school: HubDeployment, name: str, text: str, words: tuple[str, ...]) -> None:
    """A mistake in a site file is told with file, line and remedy; the running deployment is untouched."""
    path = school.directory / "site" / name
    good = path.read_text()
    hub = school.container("hub").attrs["State"]["StartedAt"]
    path.write_text(text)
    try:
        for verb in ("check", "up"):
            done = school.verb(verb)
            assert done.returncode == 2
            for word in words:
                assert word in " ".join(done.stdout.split()), done.stdout
    finally:
        path.write_text(good)
    assert school.container("hub").attrs["State"]["StartedAt"] == hub
