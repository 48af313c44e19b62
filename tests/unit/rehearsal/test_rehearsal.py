"""What a rehearsal foresees, what it is made of, and the manners of its robots."""

from __future__ import annotations

import http.server
import socketserver
import tempfile
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from homeroom.contract import sockets
from homeroom.courses.exams.robot import Robot, entered

from generator.core.errors import HomeroomError
from generator.schema import env_file
from generator.topics.courses.courses import ReadCourse
from generator.topics.courses.site import Course, Courses
from generator.topics.drill import beside
from generator.topics.labs.labs import LabsConfig
from generator.topics.rehearsal import fitted, foreseen
from tests.sample_settings import TOKEN

ZONE = ZoneInfo("Europe/Vienna")
BEGINS = datetime(2026, 12, 14, 9, 0, tzinfo=UTC).timestamp()
GIB = 1 << 30


def read(count: int = 4, **exam: Any) -> ReadCourse:
    """A course of so many students with two exams."""
    first: dict[str, Any] = {
        "name": "final",
        "opens": "2026-12-14 10:00",
        "minutes": 90,
        "start_files": "final",
        **exam,
    }
    again = {"name": "again", "opens": "2027-01-14 10:00", "minutes": 90, "profile": "large"}
    people = [f"s{number}" for number in range(count)]
    values = {"name": "biology", "teachers": {"people": ["ada"]}, "students": {"people": people}}
    course = Course.model_validate({**values, "exams": [first, again]})
    return ReadCourse(course=course, named={"students": people, "teachers": ["ada"]})


def known(memory_bytes: int = 8 * GIB, cpus: float = 0.0) -> LabsConfig:
    """Labs of two kinds."""
    profiles = [
        {"name": "small", "memory_bytes": GIB, "cpus": 1.0},
        {"name": "large", "memory_bytes": 4 * GIB, "cpus": 2.0},
    ]
    return LabsConfig(profiles=profiles, groups={}, memory_bytes=memory_bytes, cpus=cpus, open_files=1024)


def said(course: ReadCourse, exam: int, now: float = BEGINS - 86400, **labs: Any) -> list[str]:
    """What is told of an exam."""
    found = foreseen.findings(course, course.course.exams[exam], known(**labs), ZONE, now)
    return [f"{each.level} {each.cause}" for each in found]


def test_the_next_exam_is_meant_where_none_is_named() -> None:
    """One that is over can be named; a slip is told with what it may have meant."""
    course = read()
    chosen = [foreseen.chosen([course], "biology", "", ZONE, now)[1].name for now in (BEGINS, BEGINS + 86400)]
    assert chosen == ["final", "again"]
    assert foreseen.chosen([course], "biology", "final", ZONE, BEGINS + 86400)[1].name == "final"
    for name, exam, words in (
        ("biologie", "", "Did you mean biology?"),
        ("", "", "which course?"),
        ("biology", "finale", "Did you mean final?"),
        ("biology", "../x", "Known: again, final."),
    ):
        with pytest.raises(HomeroomError) as told:
            foreseen.chosen([course], name, exam, ZONE, BEGINS)
        assert words in f"{told.value.cause} {told.value.remedy}"
    with pytest.raises(HomeroomError, match="no exam that is still to come"):
        foreseen.chosen([course], "biology", "", ZONE, BEGINS + 366 * 86400)


def test_a_class_for_which_there_is_no_room_is_told() -> None:
    """By memory and by CPUs, of the profile that the exam has; where all fit nothing is said."""
    assert said(read(8), 0) == []
    (found,) = said(read(9), 0)
    assert "9 students sit it, and 8 labs of small (1.0 GiB) fit at once: 1 would wait" in found
    assert found.startswith("error")
    assert "2 labs of large" in said(read(4), 1)[0]
    assert "3 labs of small" in said(read(4), 0, cpus=3.0)[0]
    assert said(read(1000), 0, memory_bytes=0) == []


def test_robots_take_what_others_leave() -> None:
    """Room that labs of people have is not theirs; without a limit there is always some."""
    small = known().profiles[0]
    assert [foreseen.spare(small, known(), taken * GIB) for taken in (0, 6, 8, 9)] == [8, 2, 0, 0]
    assert foreseen.spare(small, known(0), 99 * GIB) is None


def test_what_is_hardly_meant_is_told() -> None:
    """Nobody who sits it, an empty folder, and an exam that is over or about to begin."""
    assert said(read(0), 0) == ["error nobody sits it"]
    assert said(read(start_files=None), 0) == [
        "warn people begin with what the grader lab releases by the exam's name, and else with an empty folder"
    ]
    assert said(read(), 0, now=BEGINS + 5400) == ["warn it is over"]
    assert said(read(), 0, now=BEGINS - 60) == ["warn it begins within ten minutes, or goes on"]


def test_it_has_labs_as_they_are_and_nobody_elses_settings() -> None:
    """What labs get stays; how people sign in, addresses, secrets of others and copies do not. Its name is its own."""
    text = (
        f"CONFIGPROXY_AUTH_TOKEN={TOKEN}\nCOMPOSE_PROJECT_NAME=homeroom\nAUTH=ldap\nLDAP_BIND_PASSWORD=secret\n"
        "HUB_HOST=hub.example.edu\nTLS=internal\nHOMES=/srv/homes\nBACKUP_TO=/mnt/copies\nLAB_MEMORY=2G\n"
        "TOTAL_LAB_MEMORY=16G\nTIMEZONE=Europe/Vienna\nLAB_FEATURES=nbgrader\nLAB_OPEN_NETWORKS=10.0.0.0/8\n"
    )
    name = beside.name_of("homeroom", what="exam")
    made = {line.key: line.value for line in env_file.parse(fitted.env(text, name))}
    assert made == {
        "CONFIGPROXY_AUTH_TOKEN": TOKEN,
        "LAB_MEMORY": "2G",
        "TOTAL_LAB_MEMORY": "16G",
        "TIMEZONE": "Europe/Vienna",
        "LAB_FEATURES": "nbgrader",
        "COMPOSE_PROJECT_NAME": name,
        "AUTH": "dummy",
        "HUB_IP": "127.0.0.1",
    }
    assert name != beside.name_of("homeroom")


def test_its_course_has_robots_alone() -> None:
    """The exam as it is, but for its time, and without Safe Exam Browser, which no robot has."""
    course = read(safe_exam_browser=["0f" * 32], profile="large", extra_time={"s1": "30m"})
    text = fitted.courses(course, course.course.exams[0], fitted.OPENS, fitted.robots(2))
    (made,) = Courses.model_validate(yaml.safe_load(text.replace(fitted.OPENS, "2026-12-14 10:00"))).courses
    assert made.students.people == ["robot-1", "robot-2"]
    (exam,) = made.exams
    assert (exam.name, exam.profile, exam.start_files, exam.network) == ("final", "large", "final", "none")
    assert (exam.safe_exam_browser, exam.extra_time) == ([], {})


def test_its_site_has_what_labs_need(tmp_path: Path) -> None:
    """No list of people, no way to sign in and no share comes along; labs are on no network."""
    site = tmp_path / "site"
    (site / "exams/final").mkdir(parents=True)
    (site / "exams/final/task.ipynb").write_text("{}")
    for name in ("profiles.yaml", "people.yaml", "shares.yaml", "ldap.yaml", "rooms.yaml"):
        (site / name).write_text("# x\n")
    fitted.lay_out_site(site, tmp_path / "made")
    found = sorted(
        str(path.relative_to(tmp_path / "made")) for path in (tmp_path / "made").rglob("*") if path.is_file()
    )
    assert found == ["courses.yaml", "exams/final/task.ipynb", fitted.HUB_D, "profiles.yaml"]


class Hub(http.server.BaseHTTPRequestHandler):
    """A hub that signs in by name, and a lab that wants its own cookie, both at one socket."""

    server: Any

    def do_GET(self) -> None:
        """A page."""
        cookies = self.headers.get("Cookie", "")
        self.server.seen.append((self.path, cookies))
        if self.path.startswith("/hub/api/oauth2/authorize"):
            self._say(302, {"Location": "/user/robot-1/exam-x-0123456789ab/oauth_callback?code=1"})
        elif self.path.startswith("/user/") and "oauth_callback" in self.path:
            self._say(302, {"Location": "lab?page=1", "Set-Cookie": "lab=in; Path=/user/robot-1/exam-x-0123456789ab/"})
        elif self.path.startswith("/user/") and "lab=in" not in cookies:
            self._say(302, {"Location": "http://hub/hub/api/oauth2/authorize?client_id=x"})
        else:
            self._say(
                200, {"Set-Cookie": f"_xsrf={'of-lab' if '/user/' in self.path else 'of-hub'}; Path={self._own()}"}
            )

    def do_POST(self) -> None:
        """A form."""
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.seen.append((self.path, body))
        self._say(302 if "_xsrf=of-hub" in body else 403, {"Location": "/hub/home", "Set-Cookie": "hub=me; Path=/hub/"})

    def do_PUT(self) -> None:
        """A file that is saved."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, self.headers.get("X-XSRFToken", "")))
        self._say(201, {})

    def _own(self) -> str:
        return "/user/robot-1/exam-x-0123456789ab/" if "/user/" in self.path else "/hub/"

    def _say(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": "0"}.items():
            self.send_header(name, value)
        self.end_headers()

    def address_string(self) -> str:
        """Who asks: a socket has no address."""
        return "robot"

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Served(socketserver.ThreadingUnixStreamServer):
    """It, at a socket; what it was asked for is in `seen`."""

    seen: list[tuple[str, str]]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder for sockets, whose paths are short: pytest's own are not."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


@pytest.fixture
def hub(place: Path) -> Iterator[Served]:
    """A hub, and a lab in the place of the robot's."""
    path = place / "hub.sock"
    with Served(str(path), Hub) as served:
        served.seen = []
        threading.Thread(target=served.serve_forever, daemon=True).start()
        lab = place / "labs" / sockets.directory_name("robot-1", "exam-x-0123456789ab")
        lab.mkdir(parents=True)
        (lab / "lab.sock").symlink_to(path)
        yield served
        served.shutdown()


def test_a_robot_goes_the_way_of_a_browser(hub: Served, place: Path) -> None:
    """It signs in by the form, presses the button, goes by the hub into the lab, and saves with the lab's own token; no
    cookie of the hub goes to the lab. Why one does not get in is said."""
    robot = Robot("/", "robot-1", "exam-x-0123456789ab", place / "hub.sock", place / "labs")
    took = entered(robot, "biology", "x")
    assert isinstance(took, float), took
    pressed = [path for path, _ in hub.seen if "/exams/" in path]
    assert pressed == ["/hub/homeroom/exams/biology/x"] * 2
    assert ("/user/robot-1/exam-x-0123456789ab/api/contents/x/robot.txt", "of-lab") in hub.seen
    assert not [said for path, said in hub.seen if path.startswith("/user/") and "hub=me" in said]
    nobody = Robot("/", "robot-2", "exam-x-0123456789ab", place / "gone.sock", place / "labs")
    assert "No such file" in str(entered(nobody, "biology", "x"))
