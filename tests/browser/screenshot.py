"""Takes docs/images/lab.png, the README's picture, of a real lab: `python -m tests.browser.screenshot`.

It brings a deployment of its own up and removes it again.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.chromium import install_chromium, running_chromium
from tests.browser.pages import PATIENCE_MILLISECONDS, Lab, sign_in
from tests.hub_deployment import ROOT, HubDeployment

PICTURE = ROOT / "docs" / "images" / "lab.png"
TITLE = "# Free fall\nHow far does a stone fall in the first seconds, at $g = 9.81\\ \\mathrm{m/s^2}$?"
CODE = """g = 9.81

for seconds in range(1, 6):
    metres = g * seconds**2 / 2
    print(f"{seconds} s  {metres:6.1f} m  {'▪' * round(metres / 4)}")"""


def write_markdown(lab: Lab, text: str) -> None:
    """Put text into the last cell, as Markdown, and show it set."""
    cell = lab.notebook.locator(".jp-Cell").last
    cell.locator(".jp-InputPrompt").click()
    lab.page.keyboard.press("m")
    lab.page.keyboard.press("Enter")
    lab.page.keyboard.insert_text(text)
    lab.page.keyboard.press("Shift+Enter")
    expect(lab.notebook.get_by_role("heading", name="Free fall")).to_be_visible()
    expect(lab.notebook.locator("mjx-container").first).to_be_visible()


def dismiss_notices(page: Page) -> None:
    """Close what JupyterLab announces in its corner."""
    notices = page.locator(".Toastify__toast")
    while notices.count():
        page.get_by_role("button", name="Hide notification").first.click()
        expect(notices).to_have_count(0)


def take(deployment: HubDeployment, page: Page) -> None:
    """Write the notebook and take the picture."""
    lab = sign_in(page, deployment, "admin", deployment.password).new_notebook()
    dismiss_notices(page)
    write_markdown(lab, TITLE)
    lab.run(CODE)
    lab.save_as("free-fall.ipynb")
    page.mouse.move(640, 790)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURE)
    print(PICTURE)


def main() -> None:
    """Bring a deployment up, take the picture, remove the deployment."""
    install_chromium()
    expect.set_options(timeout=PATIENCE_MILLISECONDS)
    with tempfile.TemporaryDirectory() as directory:
        deployment = HubDeployment(Path(directory) / "deployment", f"hrpicture{os.getpid()}")
        try:
            deployment.up()
            with running_chromium() as browser:
                context = browser.new_context(viewport={"width": 1280, "height": 800})
                context.set_default_timeout(PATIENCE_MILLISECONDS)
                take(deployment, context.new_page())
        finally:
            deployment.remove()


if __name__ == "__main__":
    main()
