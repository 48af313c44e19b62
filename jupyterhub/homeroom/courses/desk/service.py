"""The hand-in desk: `python -m homeroom.courses.desk.service`.

It takes what people hand in from their labs, each by a socket of the lab's own, and keeps it sealed with its own clock;
the lab in which a course is graded has such a socket, too. The hub tells it, by another socket, who is in which course
and which lab has which socket. Exit codes: 0 after SIGTERM
or a passed check, 1 where a check fails.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from pathlib import Path

from homeroom.contract import by_socket, open_files, sockets
from homeroom.contract.plain_text import log_plainly
from homeroom.courses.desk_address import SOCKET

KEEP_SECONDS = 1.0
"""How often it is looked whether each lab has its socket."""
LARGEST_TOLD_BYTES = 32 << 20
UMASK = 0o007
"""Labs reach their sockets by the group that they have in common with the desk, and nobody else does."""

log = logging.getLogger("homeroom.desk")


def main() -> int:
    """Run the desk, or check on it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="homeroom.courses.desk.service", description="The hand-in desk.")
    parser.add_argument("--socket", type=Path, default=SOCKET, help="where the hub asks")
    parser.add_argument("--store", type=Path, default=Path("/srv/courses"), help="the volume of hand-ins")
    parser.add_argument("--labs", type=Path, default=sockets.LABS, help="the labs' directories of sockets")
    parser.add_argument(
        "--runs-at-once", type=int, default=0, help="hand-ins that are run at a time; 0: one a CPU, 4 at most"
    )
    parser.add_argument("--check", action="store_true", help="exit 0 if a desk answers at --socket")
    options = parser.parse_args()
    if options.check:
        return 0 if answers(options.socket) else 1
    log_plainly()
    open_files.raise_limit()
    os.umask(UMASK)
    return asyncio.run(serve(options.store, options.labs, options.socket, runs_at_once=options.runs_at_once))


def answers(path: Path) -> bool:
    """Whether a desk answers at this socket."""
    return by_socket.answers(path, "desk", "/told")


async def serve(
    store_path: Path, labs: Path, path: Path, ended: asyncio.Event | None = None, *, runs_at_once: int = 0
) -> int:
    """Answer hub and labs until SIGTERM.

    :param ended: ends it, too.
    :param runs_at_once: see `Runs`.
    """
    from aiohttp import web

    from homeroom.courses.desk.back_room import BackRoom
    from homeroom.courses.desk.checks import Checks, Used
    from homeroom.courses.desk.collected import Collected
    from homeroom.courses.desk.counter import Counter
    from homeroom.courses.desk.doors import Doors
    from homeroom.courses.desk.exam_counter import ExamCounter
    from homeroom.courses.desk.exchange import Exchange
    from homeroom.courses.desk.grader_counter import GraderCounter
    from homeroom.courses.desk.grades import Grades
    from homeroom.courses.desk.grading import grading_routes
    from homeroom.courses.desk.handouts import HandoutCounter, Handouts
    from homeroom.courses.desk.roll import Roll
    from homeroom.courses.desk.runs import Runs
    from homeroom.courses.desk.shelf import Shelf
    from homeroom.courses.desk.store import INCOMING, Store
    from homeroom.courses.desk.told import Told

    known = [Told()]
    store = Store(store_path)
    shelf = Shelf(store_path, store_path / INCOMING)
    used = Used(store_path)
    handouts = Handouts(store_path, store_path / INCOMING)
    await asyncio.to_thread(store.open)
    await asyncio.to_thread(shelf.open)
    await asyncio.to_thread(used.open)
    await asyncio.to_thread(handouts.open)
    stopped, changed = ended or asyncio.Event(), asyncio.Event()

    def take(told: Told) -> None:
        known[0] = told
        for course in told.courses.values():
            shelf.note_listed(course.name, {each.name for each in course.assignments})
        changed.set()

    runs = Runs(labs, store.incoming, at_once=runs_at_once)
    hand_out = HandoutCounter(store, handouts, lambda: known[0])
    more = (*Checks(runs, used, lambda: known[0]).routes, *hand_out.routes)
    counter = Counter(store, shelf, lambda: known[0], more=more)
    collected = Collected(store_path)
    exchange = Exchange(store, shelf, collected, lambda: known[0])
    grades = Grades(store_path, lambda: known[0])
    roll = Roll(lambda: known[0])
    routes = (*exchange.routes, *grades.routes, *roll.routes, *grading_routes(runs), hand_out.none)
    grader_counter = GraderCounter(lambda: known[0], routes)
    exams = ExamCounter(store, counter, lambda: known[0], more=(hand_out.none,))
    answers = {"student": counter.answer, "grader": grader_counter.answer}
    answers |= {"exam": exams.answer, "ending": exams.answer_ending, "bringing": hand_out.answer_bringing}
    doors = Doors(labs, answers)
    back_room = BackRoom(store, shelf, grades, collected, used, handouts, lambda: known[0], take)
    server = web.Server(back_room.answer, access_log=None)
    runner = web.ServerRunner(server, shutdown_timeout=5.0)
    await runner.setup()
    path.unlink(missing_ok=True)
    await web.UnixSite(runner, str(path)).start()
    if ended is None:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    log.info("the desk is open: %d hand-ins are kept", len(store.receipts()))
    while not stopped.is_set():
        await doors.keep(known[0].visitors)
        changed.clear()
        waits = [asyncio.create_task(each.wait()) for each in (stopped, changed)]
        await asyncio.wait(waits, timeout=KEEP_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()
    await doors.close()
    await runner.cleanup()
    return 0


if __name__ == "__main__":
    sys.exit(main())
