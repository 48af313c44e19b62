"""Exams at a hub of JupyterHub's own, with clocks that are moved: who sits what, is told what, and hands in when."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from homeroom.contract.exam_labs import lab_name
from homeroom.courses import desk_client
from homeroom.courses.courses_file import Courses
from homeroom.courses.exams import records, seal
from homeroom.courses.exams.sit import SitHandler
from homeroom.courses.exams.watch import ExamWatch, take_up
from homeroom.exam_labs import exam_lab
from homeroom.hub import lab_stamp

from jupyterhub import orm
from tests.hub_app import XSRF, Browser, HubApp, signed_in
from tests.unit.courses.hub import course_hub, say_courses
from tests.unit.courses.test_course_pages import course

PASSWORD = "correct horse battery"
PEOPLE = ("ada", "bela", "chen", "b+ob", "olga", "admin")
PAGE = "homeroom/exams/biology/final"
SERVER = lab_name("biology", "final")
HOUR = 3600
MORE = re.compile(r'name="person" value="([^"]*)">\s*<input type="hidden" name="shown" value="(\d+)"')


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubApp]:
    """A hub with some people; bela assists in the course."""
    with course_hub(tmp_path_factory.mktemp("hub"), *PEOPLE, password=PASSWORD) as made:
        yield made
    exam_lab.know([])


@pytest.fixture(autouse=True)
def _nothing_kept(app: HubApp) -> Iterator[None]:
    yield
    app.do(forget, app)


def forget(app: HubApp) -> None:
    """Forget who sat what."""
    app.hub.db.query(records.ExamSitting).delete()
    app.hub.db.commit()


def say(app: HubApp, *, opens: float, minutes: int = 60, **changes: Any) -> int:
    """Have there be an exam that begins in so many seconds; returns when."""
    begins = int(time.time() + opens)
    roles = course()["roles"]
    roles["assistants"]["people"] = ["bela"]
    roles["observers"]["people"] = ["olga"]
    roles["students"] = {"people": ["b+ob", "chen"], "hub_groups": []}
    final = {"name": "final", "title": "The <final>", "opens": begins, "seconds": 60 * minutes, **changes}
    values = course(roles=roles, exams=[{"extra_seconds": {"b+ob": 1800}, **final}])
    say_courses(app, values)
    app.do(take_up, app.hub.config, app.hub.db)
    return begins


def entered(app: HubApp, *names: str) -> None:
    """Have these people have entered it."""

    def note() -> None:
        for name in names:
            records.sitting(app.hub.db, "biology", "final", name).entered_at = 1
        app.hub.db.commit()

    app.do(note)


def kept(app: HubApp, name: str) -> dict[str, Any]:
    """What is kept of somebody."""

    def ask() -> dict[str, Any]:
        found = records.of_exam(app.hub.db, "biology", "final")[name]
        return {"sealed_at": found.sealed_at, "receipt": found.receipt, "fault": found.fault, "ends_at": found.ends_at}

    asked: dict[str, Any] = app.do(ask)
    return asked


class Guard:
    """Stands in the guard's place, who has an engine: what it was asked for, and what it says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.away = False
        self.receipts: list[dict[str, Any]] = []
        monkeypatch.setattr(seal, "_ask", self.ask)
        monkeypatch.setattr(desk_client, "receipts", self.known)

    def ask(self, person: str, server: str, folder: str) -> dict[str, Any]:
        """Hand a home in."""
        if self.away:
            return {"fault": "the guard does not answer"}
        self.asked.append((person, server, folder))
        receipt = {"code": f"CODE-{len(self.asked)}", "at": time.time(), "assignment": "final", "person": person}
        self.receipts.append({**receipt, "at_end": True, "late": False})
        return {"receipt": receipt, "left_out": 0}

    async def known(self, _: str, person: str = "") -> list[dict[str, Any]]:
        """What the desk has."""
        return [each for each in self.receipts if person in ("", each["person"])]


@pytest.fixture
def guard(monkeypatch: pytest.MonkeyPatch) -> Guard:
    """A guard that hands homes in."""
    return Guard(monkeypatch)


async def to_the_end(watch: ExamWatch, now: float) -> None:
    """A look at this time, and all that it begins."""
    await watch.look(now)
    while watch._tasks:
        for task in list(watch._tasks.values()):
            await task


def test_each_home_is_handed_in_at_its_own_end(app: HubApp, guard: Guard) -> None:
    """Nothing before the end; then once, and for who has extra time so much later. Who was not there hands in
    nothing."""
    begins = say(app, opens=-600)
    entered(app, "b+ob", "chen")
    watch = ExamWatch(app.hub)
    app.do(to_the_end, watch, begins + HOUR - 1)
    assert guard.asked == []
    app.do(to_the_end, watch, begins + HOUR)
    assert guard.asked == [("chen", SERVER, "final")]
    app.do(to_the_end, watch, begins + HOUR + 1799)
    assert len(guard.asked) == 1
    app.do(to_the_end, watch, begins + HOUR + 1800)
    assert guard.asked[1:] == [("b+ob", SERVER, "final")]
    assert (kept(app, "chen")["receipt"], kept(app, "b+ob")["receipt"]) == ("CODE-1", "CODE-2")
    app.do(to_the_end, watch, begins + 5 * HOUR)
    assert len(guard.asked) == 2


def test_who_was_not_there_is_told_so(app: HubApp) -> None:
    """Once it is over nothing of theirs is on its way; of who was there it is."""
    say(app, opens=-3 * HOUR)
    entered(app, "chen")
    assert "just being handed in" in app.browser_of("chen", PASSWORD).visit(PAGE).text
    assert "You have not entered its lab" in app.browser_of("b+ob", PASSWORD).visit(PAGE).text


def test_what_was_missed_is_caught_up_with(app: HubApp, guard: Guard) -> None:
    """A hub that was away at the end hands in at its first look; one that was killed before it noted a receipt finds
    it at the desk, and hands nothing in twice."""
    begins = say(app, opens=-3 * HOUR)
    entered(app, "chen")
    guard.receipts.append(
        {"code": "OLD", "at": begins + HOUR + 5, "assignment": "final", "person": "chen", "at_end": True}
    )
    app.do(to_the_end, ExamWatch(app.hub), time.time())
    assert guard.asked == []
    assert kept(app, "chen")["receipt"] == "OLD"
    entered(app, "b+ob")
    app.do(to_the_end, ExamWatch(app.hub), time.time())
    assert guard.asked == [("b+ob", SERVER, "final")]


def test_a_guard_that_is_away_is_asked_again(app: HubApp, guard: Guard) -> None:
    """Whoever invigilates reads why it is not handed in yet; it is tried until it is."""
    begins = say(app, opens=-HOUR)
    entered(app, "chen")
    guard.away = True
    watch = ExamWatch(app.hub)
    app.do(to_the_end, watch, begins + HOUR)
    assert kept(app, "chen")["fault"] == "the guard does not answer"
    page = app.browser_of("ada", PASSWORD).visit(f"{PAGE}/people").text
    assert "the guard does not answer" in page
    assert page.count("<td") == page.count("<td data-label=") > 0  # a phone has no columns
    guard.away = False
    app.do(to_the_end, watch, begins + HOUR + 1)
    assert guard.asked == [], "not at once"
    app.do(to_the_end, watch, time.time() + HOUR + 60)
    assert kept(app, "chen")["fault"] == ""
    assert kept(app, "chen")["receipt"] == "CODE-1"


def test_an_exam_that_is_gone_is_handed_in(app: HubApp, guard: Guard) -> None:
    """Taken out of the file while somebody sits it, it is over, and nothing of it is lost."""
    begins = say(app, opens=-600)
    entered(app, "chen")
    watch = ExamWatch(app.hub)
    app.do(to_the_end, watch, begins + 700)
    say(app, opens=HOUR, name="another")
    app.do(to_the_end, watch, begins + 702)
    assert guard.asked == [("chen", SERVER, "final")]


def test_more_time_for_one_and_for_all(app: HubApp, guard: Guard) -> None:
    """Ten minutes at a time, at once, for labs, desk and pages alike; who was handed in already goes on. Only teachers
    and assistants give them."""
    begins = say(app, opens=-HOUR + 60)
    entered(app, "chen")
    browser = app.browser_of("bela", PASSWORD)
    assert browser.fill_in(f"{PAGE}/people", person="chen", shown="0").status_code == 200
    ends = {name: app.do(lambda name=name: exam_lab.of(name, SERVER)).ends_at - begins for name in ("chen", "b+ob")}
    assert ends == {"chen": HOUR + 600, "b+ob": HOUR + 1800}
    assert browser.fill_in(f"{PAGE}/people", person="", shown="0").status_code == 200
    assert Courses.instance().raw[0]["exams"][0]["seconds"] == HOUR + 600
    watch = ExamWatch(app.hub)
    app.do(to_the_end, watch, begins + HOUR + 1200)
    assert kept(app, "chen")["receipt"] == "CODE-1"
    browser.fill_in(f"{PAGE}/people", person="chen", shown="600")
    lab = app.do(lambda: exam_lab.of("chen", SERVER))
    assert lab.is_on(begins + HOUR + 1201)
    app.do(to_the_end, watch, begins + HOUR + 1201)
    app.do(to_the_end, watch, begins + HOUR + 1800)
    assert kept(app, "chen")["receipt"] == "CODE-2"
    for name in ("chen", "olga", "admin"):
        assert app.browser_of(name, PASSWORD).visit(f"{PAGE}/people").status_code == 404, name
    student = app.browser_of("chen", PASSWORD)
    assert student.fill_in(PAGE, f"{PAGE}/people", person="chen").status_code == 404


def test_two_who_saw_the_same_give_time_once(app: HubApp, guard: Guard) -> None:
    """Each button says how much was given when the page was shown. With another the click is refused in words, for one
    and for all, and nobody has more."""
    say(app, opens=-600)
    pages = {name: app.browser_of(name, PASSWORD) for name in ("ada", "bela")}
    seen = {name: MORE.findall(browser.visit(f"{PAGE}/people").text) for name, browser in pages.items()}
    assert seen["ada"] == seen["bela"] == [("", "0"), ("b+ob", "0"), ("chen", "0")]
    for person, shown in seen["ada"][:2]:
        assert pages["ada"].fill_in(f"{PAGE}/people", person=person, shown=shown).status_code == 200
        refused = pages["bela"].fill_in(f"{PAGE}/people", person=person, shown=shown)
        assert (refused.status_code, "Somebody has given more time" in refused.text) == (409, True)
    assert pages["bela"].fill_in(f"{PAGE}/people", person="chen").status_code == 409
    assert MORE.findall(pages["bela"].visit(f"{PAGE}/people").text) == [("", "600"), ("b+ob", "600"), ("chen", "0")]
    assert Courses.instance().raw[0]["exams"][0]["seconds"] == HOUR + 600


def test_whoever_invigilates_sees_everybody(app: HubApp, guard: Guard) -> None:
    """Who is there and who is not, with the time that each has, and receipts; in German where the browser asks."""
    say(app, opens=-600)
    entered(app, "chen")
    guard.receipts.append(
        {"code": "K7QMX-3T9RA", "at": time.time(), "assignment": "final", "person": "chen", "at_end": False}
    )
    browser = app.browser_of("ada", PASSWORD)
    page = browser.visit(PAGE)
    assert page.url.endswith("/people")
    assert "The &lt;final&gt;" in page.text
    for said in ("Not there: 1", "Out of the lab: 1", "K7QMX-3T9RA", "has handed in", "49 min", "1 h 19 min"):
        assert said in page.text, said
    assert "Nicht da: 1" in browser.visit(PAGE, headers={"Accept-Language": "de"}).text
    assert "Exam" in browser.visit("homeroom/courses/biology").text


def test_a_student_sees_their_own_time(app: HubApp, guard: Guard) -> None:
    """Before it, in it and after it, on the page and on the home page; nobody else does."""
    say(app, opens=600)
    chen, bob, olga = (signed_in(app, name, PASSWORD) for name in ("chen", "b+ob", "olga"))
    assert "It begins in" in chen.visit(PAGE).text
    assert "Enter the exam" not in chen.visit(PAGE).text
    assert "<strong>The &lt;final&gt;</strong> begins in" in chen.visit("home").text
    assert "The &lt;final&gt;" not in olga.visit("home").text
    say(app, opens=-HOUR + 300)
    assert "Enter the exam" in chen.visit(PAGE).text
    assert "4 min" in chen.visit(PAGE).text
    assert "34 min" in bob.visit(PAGE).text
    form = XSRF.search(chen.visit(PAGE).text)
    assert form is not None
    say(app, opens=-HOUR)
    assert "This exam is over" in chen.visit(PAGE).text
    assert "left." in bob.visit(PAGE).text
    assert [one.visit(PAGE).status_code for one in (olga, signed_in(app, "admin", PASSWORD))] == [404, 404]
    late = chen.post(f"{app.address}/{PAGE}", data={"_xsrf": form[1]}, timeout=30)
    assert late.status_code == 409


def test_who_enters_ends_their_other_sessions(app: HubApp, guard: Guard, let_in: None) -> None:
    """Other browsers of theirs and tokens that they made are worth nothing; the browser in which they enter goes on."""
    say(app, opens=-600)

    def token() -> str:
        return str(orm.User.find(app.hub.db, "chen").new_api_token(note="of before"))

    made = app.do(token)
    elsewhere, here = (signed_in(app, "chen", PASSWORD) for _ in range(2))
    other = signed_in(app, "b+ob", PASSWORD)
    assert here.fill_in(PAGE).text == "in"
    assert (here.is_signed_in, elsewhere.is_signed_in, other.is_signed_in) == (True, False, True)
    address = f"{app.address}/api/user"
    assert Browser(app.address).get(address, headers={"Authorization": f"token {made}"}).status_code in (401, 403)


class FakeLab:
    """A lab that is started ahead, and what is done with it in which order."""

    def __init__(self, *, is_closed: bool) -> None:
        self.is_closed = is_closed
        self.done: list[str] = []
        self.key = ("chen", SERVER)
        self.plan = SimpleNamespace(resources=None)
        self.start_queue = SimpleNamespace(take=self.take, release=lambda _: self.done.append("released"))
        self.starts_ahead = self._spawn_pending = False
        self._spawn_future: Any = None
        self.spawners: dict[str, Any] = {}

    def get_or_create_spawner(self, *_: Any, **__: Any) -> FakeLab:
        """The lab of the person that this stands for, too."""
        return self

    async def take(self, *_: Any) -> bool:
        """There is room."""
        return True

    async def spawn(self, *_: Any, **__: Any) -> None:
        """Start."""
        self.done.append("started")

    async def add_user(self, *_: Any) -> None:
        """Have the way to it be there."""
        self.done.append("reached, and waited for" if self._spawn_pending else "reached")

    def add_poll_callback(self, *_: Any) -> None:
        """Nobody looks after it."""


@pytest.mark.parametrize(("is_closed", "done"), [(False, ["started", "reached, and waited for"]), (True, ["started"])])
def test_who_comes_while_it_starts_is_led_there(is_closed: bool, done: list[str]) -> None:
    """The way to a lab is there before it counts as ready; before the exam begins there is none."""
    lab: Any = FakeLab(is_closed=is_closed)
    watch = ExamWatch(SimpleNamespace(proxy=lab))
    asyncio.run(watch._start(lab, SimpleNamespace(person="chen", server=SERVER, begins_at=0.0)))  # type: ignore[arg-type]
    assert lab.done == [*done, "released"]


def test_labs_of_an_exam_that_is_moved_end(app: HubApp, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was started ahead and that nobody could enter yet keeps its capacity from nobody, and is started again for
    the new time; ten minutes before that it stays."""
    begins = say(app, opens=2 * HOUR)
    lab = SimpleNamespace(active=True, pending=None)
    user = SimpleNamespace(name="chen", spawners={SERVER: lab})
    watch = ExamWatch(SimpleNamespace(users={"chen": user}, db=app.hub.db))
    ended: list[tuple[str, str]] = []

    def begin(key: tuple[str, str], work: Any) -> None:
        work.close()
        ended.append(key)

    monkeypatch.setattr(watch, "_begin", begin)
    for now in (begins - 599, begins + 60):
        app.do(watch._end_unentered, now)
    assert ended == []
    app.do(watch._end_unentered, begins - 601)
    assert ended == [("chen", SERVER)]


def test_tokens_made_in_an_exam_end(app: HubApp, guard: Guard) -> None:
    """Nobody lets others in by a token: what somebody makes while they sit it is worth nothing within seconds."""
    say(app, opens=-600)
    app.do(lambda: app.hub.users["chen"])

    def token() -> str:
        return str(orm.User.find(app.hub.db, "chen").new_api_token(note="for a friend"))

    made = app.do(token)
    app.do(to_the_end, ExamWatch(app.hub), time.time())
    assert app.do(lambda: orm.APIToken.find(app.hub.db, made)) is None


KEY = "0f" * 32


def digest(app: HubApp, key: str = KEY) -> str:
    """What Safe Exam Browser says on the page of the exam."""
    return hashlib.sha256(f"{app.address}/{PAGE}{key}".encode()).hexdigest()


@pytest.fixture
def let_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who enters is told so, and no lab is started."""

    async def enter(handler: Any, user: Any, lab: Any) -> None:
        handler.finish("in")

    monkeypatch.setattr(SitHandler, "_enter", enter)


def test_safe_exam_browser_alone_gets_in(app: HubApp, guard: Guard, let_in: None) -> None:
    """By the header of one of the two keys, or by what the page was told; another browser, and one with the settings of
    another exam, is told what to do, and changes nothing."""
    say(app, opens=-600, browser_keys=["aa" * 32, KEY])
    chen = signed_in(app, "chen", PASSWORD)
    assert "written in Safe Exam Browser" in chen.visit(PAGE).text
    refused = {
        "Open the exam&#39;s settings file": {},
        "not with the settings of this exam": {"safe_exam_browser": digest(app, "ab" * 32)},
    }
    for said, fields in refused.items():
        answer = chen.fill_in(PAGE, **fields)
        assert answer.status_code == 403, said
        assert said in answer.text
    assert chen.is_signed_in
    assert app.do(lambda: records.of_exam(app.hub.db, "biology", "final")) == {}
    assert chen.fill_in(PAGE, safe_exam_browser=f"{digest(app)} ").text == "in"
    for header in ("X-SafeExamBrowser-ConfigKeyHash", "X-SafeExamBrowser-RequestHash"):
        chen.headers[header] = digest(app).upper()
        assert chen.fill_in(PAGE).text == "in", header
        chen.headers[header] = hashlib.sha256(f"{app.address}/home{KEY}".encode()).hexdigest()
        assert chen.fill_in(PAGE).status_code == 403, "the digest of another address"
        del chen.headers[header]


AUTHORIZE = "api/oauth2/authorize"


def way_into(app: HubApp, owner: str, server: str, *visitors: str) -> dict[str, str]:
    """What a browser asks the hub for that is led to a lab.

    :param visitors: who may enter it beside its owner.
    """
    back = f"/user/{owner}/oauth_callback"

    def make() -> str:
        user = orm.User.find(app.hub.db, owner) or orm.User(name=owner)
        app.hub.db.add(user)
        app.hub.db.commit()
        spawner = app.hub.users[user].get_or_create_spawner(server, server)
        name = str(spawner.oauth_client_id)
        app.hub.oauth_provider.add_client(name, "x" * 32, back, description="a lab")
        spawner.orm_spawner.oauth_client = app.hub.db.query(orm.OAuthClient).filter_by(identifier=name).one()
        if visitors:
            people = [orm.User.find(app.hub.db, one) for one in visitors]
            app.hub.db.add(orm.Role(name=f"into-{owner}", scopes=[f"access:servers!user={owner}"], users=people))
        app.hub.db.commit()
        return name

    return {"client_id": app.do(make), "redirect_uri": back, "response_type": "code", "state": "x"}


def gets_in(browser: Browser, lab: dict[str, str]) -> bool:
    """Whether the hub lets a browser into a lab."""
    answer = browser.visit(AUTHORIZE, params=lab, allow_redirects=False)
    assert answer.status_code in (302, 403), answer.text
    return answer.status_code == 302 and "code=" in answer.headers["Location"]


def test_no_other_browser_gets_into_its_lab(app: HubApp, guard: Guard, let_in: None) -> None:
    """Whoever signs in elsewhere as the same person gets no way into the lab from the hub: that has the browser in
    which the exam was entered, and once it is entered elsewhere, that one."""
    say(app, opens=-600, browser_keys=[KEY])
    lab = way_into(app, "chen", SERVER)
    here = signed_in(app, "chen", PASSWORD)
    assert not gets_in(here, lab), "not before the exam is entered"
    here.fill_in(PAGE, safe_exam_browser=digest(app))
    elsewhere = signed_in(app, "chen", PASSWORD)
    assert (gets_in(here, lab), gets_in(elsewhere, lab)) == (True, False)
    assert "in no other" in elsewhere.visit(AUTHORIZE, params=lab).text
    elsewhere.fill_in(PAGE, safe_exam_browser=digest(app))
    assert not here.is_signed_in
    assert gets_in(elsewhere, lab)


def test_nobody_goes_elsewhere_from_an_exam(app: HubApp, guard: Guard, let_in: None) -> None:
    """Who sits an exam gets into no room, no grader lab and no lab that somebody shares, in whatever browser; before
    and afterwards, and who does not sit it, as ever."""
    lab = way_into(app, "room-study", "", "chen", "ada")
    chen, ada = (signed_in(app, name, PASSWORD) for name in ("chen", "ada"))
    say(app, opens=600)
    assert gets_in(chen, lab)
    say(app, opens=-600)
    assert not gets_in(chen, lab)
    assert "You sit the exam The &lt;final&gt;" in chen.visit(AUTHORIZE, params=lab).text
    assert chen.fill_in(PAGE).text == "in"
    assert [gets_in(each, lab) for each in (chen, signed_in(app, "chen", PASSWORD), ada)] == [False, False, True]
    say(app, opens=-2 * HOUR)
    assert gets_in(chen, lab)


def test_the_home_page_offers_no_other_lab_in_an_exam(app: HubApp, guard: Guard) -> None:
    """Who sits an exam finds the way to it, and no button of a lab that they would not get into; a page that is open
    hears of it, too. Afterwards, and for who does not sit it, it is as ever."""
    chen, olga = (signed_in(app, name, PASSWORD) for name in ("chen", "olga"))
    for opens, offered in ((600, True), (-600, False), (-2 * HOUR, True)):
        say(app, opens=opens)
        home = chen.visit("home").text
        assert ('id="your-lab"' in home, 'id="start"' in home) == (offered, offered)
        assert ("data-fresh" in chen.visit("homeroom/panels/lab").text) is offered
        assert (f"hub/{PAGE}" in home) is (opens > -HOUR)
        assert 'id="start"' in olga.visit("home").text


def test_nobody_makes_a_token_in_an_exam(app: HubApp, guard: Guard) -> None:
    """It would let others in; afterwards people make them as ever."""
    say(app, opens=-600)
    chen = signed_in(app, "chen", PASSWORD)

    def make() -> int:
        headers = {"X-XSRFToken": chen.cookies.get("_xsrf", path="/hub/")}
        return int(chen.post(f"{app.address}/api/users/chen/tokens", json={}, headers=headers, timeout=30).status_code)

    assert make() == 403
    say(app, opens=-2 * HOUR)
    assert make() == 201


def test_labs_are_told_before_they_are_stopped(app: HubApp, guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five minutes before an exam the labs of its people, and nobody else's, hear of it, so that their pages save; once
    for all, and anew where it is moved."""
    touched: list[None] = []
    monkeypatch.setattr(lab_stamp, "touch", lambda: touched.append(None))
    begins = say(app, opens=600)
    watch = ExamWatch(app.hub)
    for now, times in ((begins - 301, 0), (begins - 300, 1), (begins - 10, 1)):
        app.do(to_the_end, watch, now)
        assert len(touched) == times
    say(app, opens=200)
    app.do(to_the_end, watch, time.time())
    assert len(touched) == 2
    for name, title in (("chen", "The <final>"), ("olga", None)):
        token = app.do(lambda name=name: orm.User.find(app.hub.db, name).new_api_token(scopes=["users:activity!user"]))
        headers = {"Authorization": f"token {token}"}
        said = app.browser().visit(f"api/homeroom/announcements/{name}", headers=headers).json()["exam"]
        assert (said and said["title"]) == title
