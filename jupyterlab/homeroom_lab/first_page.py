"""The scripts that every page of JupyterLab loads, in one file.

A page fetches ninety scripts before it shows anything. Each is small and soon read; what takes time is the asking: by
the browser, the edge, the proxy and the lab, one after the other for all of a class. `python -m
homeroom_lab.first_page` writes the scripts that are named in `first_page.txt` one after the other into a file, when the
image is built, and JupyterLab's page with that file before its program. JupyterLab finds them loaded and asks for none
of them; what is not in the file it fetches as ever.

Scripts are named without the part that changes with their content. One that an image does not have is left out; an
image whose scripts were changed afterwards, as by another JupyterLab on top of it, gets the page without the file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from homeroom_lab import compressed
from homeroom_lab.splash import TEMPLATES, UPSTREAM, with_splash

NAMES = Path(__file__).with_name("first_page.txt")
STATIC = UPSTREAM.parent
PARTS = TEMPLATES.parent / "first_page.json"
"""Which file was made, and of which others."""
TOLD = "homeroomFirstPage"
"""Its name in the page's configuration: the file's, where it is as it was when the image was built."""
PROGRAM = re.compile(r'<script defer="defer" src="{{page_config\.fullStaticUrl}}/main\.')
AHEAD = (
    '{% if page_config.homeroomFirstPage %}<script defer="defer" '
    'src="{{page_config.fullStaticUrl}}/{{page_config.homeroomFirstPage}}?v=1"></script>'
    "{% for extension in page_config.federated_extensions %}"
    '<link rel="preload" as="script" '
    'href="{{page_config.fullLabextensionsUrl}}/{{extension.name}}/{{extension.load}}">'
    "{% endfor %}{% endif %}"
)


def found(names: Iterable[str], places: Mapping[str, Sequence[str]]) -> list[Path]:
    """The scripts of these names.

    :param names: such as `static/lab/219` for `219.2389a53dc040cbd0.js`.
    :param places: where files lie, by the path at which they are served: the first that has one counts.
    """
    scripts: list[Path] = []
    for name in names:
        for served, directories in places.items():
            if not name.startswith(f"{served}/"):
                continue
            below = name.removeprefix(f"{served}/")
            candidates = (sorted(Path(one).glob(f"{below}.*.js")) for one in directories)
            scripts += next((each for each in candidates if len(each) == 1), [])
    return scripts


def together(scripts: Iterable[Path]) -> str:
    """One script that does what these do, one after the other. Each keeps its own `use strict`."""
    return "".join(f"!function(){{{path.read_text(encoding='utf-8')}\n}}();\n" for path in scripts)


def with_file_ahead(page: str) -> str:
    """JupyterLab's page, with the file before its program; extensions' first scripts are fetched beside it.

    :raises ValueError: the page is another one than expected.
    """
    if len(PROGRAM.findall(page)) != 1:
        raise ValueError(f"{UPSTREAM} has no {PROGRAM.pattern} to put a script before")
    return PROGRAM.sub(lambda match: AHEAD + match[0], page)


def write() -> None:
    """Write the file, what it was made of, and the page, which has the splash too."""
    names = NAMES.read_text(encoding="utf-8").split()
    scripts = found(names, compressed.places())
    text = together(scripts)
    name = f"homeroom-first-page.{hashlib.sha256(text.encode()).hexdigest()[:16]}.js"
    (STATIC / name).write_text(text, encoding="utf-8")
    TEMPLATES.mkdir(parents=True, exist_ok=True)
    PARTS.write_text(json.dumps({"name": name, "scripts": [str(path) for path in scripts]}), encoding="utf-8")
    page = with_file_ahead(with_splash(UPSTREAM.read_text(encoding="utf-8")))
    (TEMPLATES / UPSTREAM.name).write_text(page, encoding="utf-8")


def name_of_file(parts: Path = PARTS) -> str:
    """The file's name, where every script in it is still what the image has; else none."""
    try:
        made = json.loads(parts.read_text(encoding="utf-8"))
    except OSError:
        return ""
    return str(made["name"]) if all(Path(path).is_file() for path in made["scripts"]) else ""


def install(web_app: Any) -> None:
    """Have a server's page load the file."""
    if name := name_of_file():
        web_app.settings.setdefault("page_config_data", {})[TOLD] = name


if __name__ == "__main__":
    write()
