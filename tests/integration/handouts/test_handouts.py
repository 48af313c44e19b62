"""Handouts in real labs: running ones, ones that start, whose users edited and deleted, and who joined later."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.faults import until
from tests.hub_deployment import HubDeployment
from tests.person import HOME, Person

GROUPS = "groups:\n  algo: {members: [hana]}\n  bio: {members: [hugo]}\n"
HANDOUTS = """\
handouts:
  - {name: week1, from: week1, to: algo/week1, groups: [algo]}
  - {name: secret, from: secret, to: algo/solutions, groups: [algo], visible_from: 2099-01-01 08:00}
"""


@pytest.fixture(scope="module")
def course(deployment: HubDeployment) -> Iterator[HubDeployment]:
    """The shared deployment with two groups and handouts for one of them; put back afterwards."""
    site = deployment.directory / "site"
    laid = {name: (site / name).read_text() for name in ("groups.yaml", "handouts.yaml")}
    try:
        (site / "groups.yaml").write_text(GROUPS)
        (site / "handouts.yaml").write_text(HANDOUTS)
        lay(deployment, "week1/sheet.ipynb", "{}")
        lay(deployment, "week1/data.csv", "1,2")
        lay(deployment, "secret/solution.txt", "forty-two")
        deployment.make("restart")
        yield deployment
    finally:
        for name, text in laid.items():
            (site / name).write_text(text)
        shutil.rmtree(site / "handouts", ignore_errors=True)
        deployment.make("restart")


def lay(deployment: HubDeployment, name: str, text: str) -> None:
    """Lay a file where handouts come from."""
    path = deployment.directory / "site/handouts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def with_lab(deployment: HubDeployment, name: str) -> Person:
    """Somebody new, whose lab runs."""
    person = Person(deployment, name)
    person.sign_in(deployment.new_password(name))
    person.start_lab()
    return person


def shell(person: Person, command: str) -> str:
    """What a command in somebody's lab prints, run in their home."""
    done = person.deployment.lab(person.name).exec_run(["bash", "-c", command], workdir=HOME)
    said: str = done.output.decode(errors="replace")
    return said


def files(person: Person) -> list[str]:
    """What is in the home's folder of the course."""
    return sorted(shell(person, "cd algo 2>/dev/null && find . -type f -printf '%P\\n'").split())


def test_from_the_site_file_to_the_home_and_back_to_the_operator(course: HubDeployment) -> None:
    """A handout comes into a lab that runs, once its time has come and not a byte of it before; edits stay, what is
    deleted stays away, a fresh copy stands beside it; whoever is in another group has no way to it, and who joins is
    told to restart. The operator sees who has it and who has not."""
    hana, hugo = (with_lab(course, name) for name in ("hana", "hugo"))
    assert shell(hana, "find /srv/handouts -type f") == ""
    assert course.make("handouts").stdout.count("algo") >= 2

    until(lambda: files(hana) == ["week1/data.csv", "week1/sheet.ipynb"], "the handout is in the running lab")
    assert shell(hana, "stat -c '%U %a' algo/week1/data.csv") == "jovyan 664\n"
    assert "forty-two" not in shell(hana, "grep -rs . /srv/handouts")
    assert "solution" not in shell(hana, "find /srv/handouts; cat /srv/handouts/*/index.json")
    assert "Read-only file system" in shell(hana, "for one in /srv/handouts/*; do touch $one/x; done 2>&1")
    assert shell(hugo, "ls /srv/handouts 2>/dev/null") == ""

    shell(hana, "echo mine > algo/week1/sheet.ipynb; rm algo/week1/data.csv")
    lay(course, "week1/hint.txt", "try")
    lay(course, "week1/sheet.ipynb", "{2}")
    (course.directory / "site/handouts.yaml").write_text(HANDOUTS.replace("2099", "2001"))
    course.make("publish-handouts")
    wanted = ["solutions/solution.txt", "week1/hint.txt", "week1/sheet.ipynb"]
    until(lambda: files(hana) == wanted, "the next one is there, and nothing came back")
    assert shell(hana, "cat algo/week1/sheet.ipynb") == "mine\n"

    made = hana.web.post(
        f"{course.url}user/hana/homeroom/handouts",
        data={"name": "week1", "_xsrf": hana._xsrf("/user/hana/")},
    )
    assert "The fresh copy is in" in made.text
    assert shell(hana, "cat algo/week1-fresh-*/sheet.ipynb algo/week1/sheet.ipynb") == "{2}mine\n"
    assert hugo.get("user/hana/homeroom/handouts").status_code in (403, 404)

    until(lambda: "algo/solutions" in hana.get("hub/home").text, "the home page shows them")
    assert "1 of 1 have it" in course.make("handouts").stdout
    (course.directory / "site/groups.yaml").write_text(GROUPS.replace("[hana]", "[hana, hugo, hedi]"))
    course.make("restart")
    told = course.make("handouts").stdout
    assert "1 of 3 have it" in told
    assert "never started a lab: hedi" in told
    page = hugo.get("hub/home").text
    assert "You joined algo after your lab had started" in page
    assert "You joined" not in hana.get("hub/home").text
    hugo.stop_lab()
    hugo.start_lab()
    until(lambda: "solutions/solution.txt" in files(hugo), "who joined has them after a restart")
    assert "You joined" not in hugo.get("hub/home").text

    words = ("push", "FILES=site/handouts/week1", "GROUP=algo", "TO=pushed")
    shown = course.make(*words).stdout
    assert "into pushed of 2 homes: hana, hugo" in shown
    assert "Nothing is done yet" in shown
    assert "no home yet: it is made with their first start: hedi" in shown
    assert shell(hana, "ls pushed 2>/dev/null") == ""
    hugo.stop_lab()
    done = course.make(*words, "CONFIRM=1").stdout
    assert "have it: hana, hugo" in done
    assert shell(hana, "stat -c '%U %n' pushed/week1/*").split()[::2] == ["jovyan"] * 3
    hugo.start_lab()
    assert shell(hugo, "cat pushed/week1/hint.txt") == "try"
    hana.stop_lab()
    hugo.stop_lab()
