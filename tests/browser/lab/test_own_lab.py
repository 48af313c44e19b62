"""When a lab does not work as it should: out of memory, stuck, or broken by what was installed in it."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.pages import Home, Lab, sign_in
from tests.hub_deployment import HubDeployment


def test_who_runs_out_of_memory_reads_why(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Below the cell that took all memory stands why its kernel ended, also where more cells wait behind it; after a
    click the notebook computes again."""
    lab = sign_in(page, deployment, "emilie", add_account("emilie")).new_notebook()
    cell = lab.notebook.locator(".jp-CodeCell").first
    cell.locator(".cm-content").click()
    page.keyboard.insert_text("import time; time.sleep(2); taken = []\nwhile True: taken.append(bytearray(10_000_000))")
    page.keyboard.press("Shift+Enter")
    page.keyboard.insert_text("print('not run')")  # in the next cell, which waits
    page.keyboard.press("Shift+Enter")
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("Out of memory")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Kernel Restarting")
    dialog.get_by_role("button", name="Ok").click()
    lab.wait_until_idle()
    expect(cell.locator(".jp-OutputArea-output")).to_contain_text("Out of memory")
    assert lab.run("print(6 * 7)") == "42"


def test_restart_and_reset_by_keyboard(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """Who cannot use a mouse restarts the lab, and resets its environment, from the home page; a notebook stays."""
    lab = sign_in(page, deployment, "mary", add_account("mary")).new_notebook()
    lab.save_as("kept.ipynb")
    lab.run("from pathlib import Path; (Path.home() / '.local').mkdir(exist_ok=True)")
    home = Home(page, deployment).open()
    first = deployment.lab("mary").id
    page.get_by_role("button", name="Restart your lab").focus()
    page.keyboard.press("Enter")
    Lab(page, deployment, "mary").wait()
    assert deployment.lab("mary").id != first
    home.open()
    page.get_by_role("link", name="Reset the environment").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Reset the environment")).to_be_visible()
    page.get_by_role("button", name="Reset the environment").focus()
    page.keyboard.press("Enter")
    lab = Lab(page, deployment, "mary").wait()
    expect(page.get_by_role("listitem").filter(has_text="kept.ipynb")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="set-aside-")).to_be_visible()
    assert deployment.lab("mary").exec_run(["sh", "-c", "ls -d /home/jovyan/set-aside-*/local"]).exit_code == 0


def test_why_a_kernel_does_not_start_is_told(
    deployment: HubDeployment, page: Page, add_account: Callable[[str], str]
) -> None:
    """An old package that keeps every kernel from starting is named in the page, which leads to the reset; after that
    notebooks compute again."""
    lab = sign_in(page, deployment, "dorothy", add_account("dorothy"))
    package = "/home/jovyan/.local/lib/python3.13/site-packages/tornado"
    broken = f"mkdir -p {package} && echo 'raise ImportError(\"an old one\")' > {package}/__init__.py"
    assert deployment.lab("dorothy").exec_run(["sh", "-c", broken]).exit_code == 0
    page.locator(".jp-LauncherCard[data-category=Notebook]:visible").first.click()
    dialog = page.get_by_role("dialog").filter(has_text="The kernel does not start")
    expect(dialog).to_contain_text("the package tornado in your home does not fit")
    expect(dialog.locator("pre")).to_contain_text("ImportError: an old one")
    dialog.get_by_role("button", name="Reset the environment").click()
    page.get_by_role("button", name="Reset the environment").click()
    lab.wait().new_notebook()
    assert lab.run("print(6 * 7)") == "42"
