"""Robots that take a course in a rehearsal: `python -m homeroom.courses.work_robot BASE_URL NAME:OWNER:PROFILE ...`,
run in that hub's container, where everybody signs in by name.

Each signs in, has a lab be started (its own, or the one in which the course is graded) and goes the way of a browser
until it answers. Prints one line of JSON: by the labs' owners how many seconds that took, or why it did not come to it.
"""

from __future__ import annotations

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from homeroom.courses.exams.robot import Robot


def started(base_url: str, word: str) -> float | str:
    """How many seconds it took until a lab answered, or why it did not.

    :param word: who starts it, whose it is, and which profile it has (empty: as without a choice).
    """
    name, owner, profile = word.split(":")
    robot = Robot(base_url, name, "", owner=owner)
    try:
        robot.sign_in()
        began = time.monotonic()
        robot.start(profile)
    except OSError as error:
        return str(error) or type(error).__name__
    return time.monotonic() - began


def main(base_url: str, *words: str) -> int:
    """Do it, all at once, and print what came of it; returns the exit code."""
    with ThreadPoolExecutor(max_workers=len(words)) as pool:
        took = pool.map(lambda word: started(base_url, word), words)
        print(json.dumps({word.split(":")[1]: each for word, each in zip(words, took, strict=True)}))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
