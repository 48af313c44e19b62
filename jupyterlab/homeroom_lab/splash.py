"""What a page shows until JupyterLab's scripts are there, instead of nothing.

JupyterLab's page has it in the image (`first_page.py`). It lies below whatever JupyterLab draws, and is gone once that
is there: `lab.js`.
"""

from __future__ import annotations

import sys
from pathlib import Path

UPSTREAM = Path(sys.prefix) / "share/jupyter/lab/static/index.html"
TEMPLATES = Path(sys.prefix) / "share/homeroom/templates"
BODY = '<body class="jp-ThemedContainer">'
SPLASH = """
<div id="homeroom-loading" role="status"><style>
#homeroom-loading { position: fixed; inset: 0; z-index: -1; display: flex; align-items: center; justify-content: center;
  font: 15px system-ui, sans-serif; color: #555; background:
  linear-gradient(#f0f0f0, #f0f0f0) 0 0 / 100% 32px no-repeat,
  linear-gradient(#f0f0f0, #f0f0f0) 0 32px / 290px 100% no-repeat, #fff; padding-left: 290px; }
@media (max-width: 700px) { #homeroom-loading { padding-left: 0; background-size: 100% 32px, 0 0; } }
@media (prefers-color-scheme: dark) { #homeroom-loading { color: #bbb; background:
  linear-gradient(#1c1c1c, #1c1c1c) 0 0 / 100% 32px no-repeat,
  linear-gradient(#1c1c1c, #1c1c1c) 0 32px / 290px 100% no-repeat, #111; } }
</style>Opening your lab…</div>
"""


def with_splash(page: str) -> str:
    """A page of JupyterLab's, with the splash first in its body.

    :raises ValueError: the page is another one than expected.
    """
    if page.count(BODY) != 1:
        raise ValueError(f"{UPSTREAM} has no {BODY} to put the splash into")
    return page.replace(BODY, BODY + SPLASH)
