"""The files of a course, in the home of its grader lab: `python -m homeroom.courses.material VERB`, run in a container
that lives for one verb, as the labs' user and with this home alone, so that whatever is in an archive stays there.

What it says is one line of JSON. Exit codes: 0, or 1 with the reason as that line, on standard error.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from homeroom.courses.material import about, bring, clear, desk_part, whole
from homeroom.courses.material.unfit import Unfit


def main(arguments: list[str]) -> int:
    """Carry out one verb."""
    parser = argparse.ArgumentParser(prog="python -m homeroom.courses.material")
    parser.add_argument("verb", choices=["measure", "clear", "bring", "about", "whole", "desk-part"])
    parser.add_argument("--home", type=Path, default=Path("/home/jovyan"))
    parser.add_argument("--given", type=Path, default=Path("/srv/given"), help="a folder, or an archive")
    parser.add_argument("--course", default="")
    parser.add_argument("--days", type=int, default=0)
    parser.add_argument("--name", default="", help="what a single assignment is called")
    parser.add_argument("--otherwise", default="", help="what it is called where it has no folder")
    parser.add_argument("--look", action="store_true", help="bring nothing, and say what would be brought")
    parser.add_argument("--store", type=Path, default=Path("/srv/courses"), help="the desk's volume")
    parser.add_argument("--token", default="", help="the name of the folder in it for what comes")
    given = parser.parse_args(arguments)
    os.umask(0o022)
    try:
        if given.verb == "measure":
            answer = clear.measure(given.home)
        elif given.verb == "clear":
            clear.clear(given.home)
            answer = {}
        elif given.verb == "about":
            answer = about.read(given.given)
        elif given.verb == "whole":
            answer = whole.bring(given.home, given.given, look=given.look)
        elif given.verb == "desk-part":
            answer = desk_part.lay_ready(given.given, given.store, given.course, given.token, look=given.look)
        else:
            done = bring.bring(
                given.home,
                given.given,
                given.course,
                days=given.days,
                own_name=given.name,
                otherwise=given.otherwise,
                look=given.look,
            )
            answer = asdict(done)
    except (Unfit, OSError) as error:
        print(json.dumps(str(error)), file=sys.stderr)
        return 1
    print(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
