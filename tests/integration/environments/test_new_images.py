"""New images under homes that stay."""

from __future__ import annotations

import re

from tests.hub_deployment import HubDeployment
from tests.person import Person


def test_a_file_outlives_stop_down_and_new_images(workshop: HubDeployment, teacher: Person) -> None:
    """What a person saved is there after the lab was stopped, after down and up, and after the images were rebuilt."""
    assert teacher.run("open('kept.txt', 'w').write('kept'); print(6 * 7)") == "42\n"
    teacher.stop_lab()
    teacher.start_lab()
    assert teacher.run("print(open('kept.txt').read())") == "kept\n"

    output = workshop.make("down").stdout
    assert re.search(r"[1-9]\d* labs? stopped", output)
    workshop.up()
    teacher.sign_in(workshop.password)
    teacher.start_lab()
    assert teacher.run("print(open('kept.txt').read())") == "kept\n"

    teacher.stop_lab()
    workshop.make("build")
    teacher.start_lab()
    assert teacher.run("print(open('kept.txt').read())") == "kept\n"
