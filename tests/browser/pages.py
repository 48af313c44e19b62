"""The pages as people use them. What a person sees is returned as text; what they wait for is waited for."""

from __future__ import annotations

import contextlib
import re

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as Overdue

from tests.hub_deployment import HubDeployment

PATIENCE_MILLISECONDS = 180_000
IDLE = "[data-status=idle]"
TWO_FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


class SignIn:
    """The page on which people sign in."""

    def __init__(self, page: Page, deployment: HubDeployment) -> None:
        self.page = page
        self.deployment = deployment

    def open(self, then: str = "") -> SignIn:
        """Go there; with `then`, by way of a page of the hub that needs a sign-in (without it, a lab is started)."""
        self.page.goto(f"{self.deployment.url}hub/{then or 'login'}")
        return self

    def submit(self, name: str, password: str) -> None:
        """Fill in the form and send it."""
        self.page.get_by_label("Username:").fill(name)
        self.page.get_by_label("Password:", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_load_state()

    def refusal(self, name: str, password: str) -> str:
        """Try to sign in; returns the reason that is given for the refusal."""
        self.submit(name, password)
        return self.page.locator(".login_error").inner_text()


class SignUp:
    """The page on which people ask for an account."""

    def __init__(self, page: Page, deployment: HubDeployment) -> None:
        self.page = page
        self.address = f"{deployment.url}hub/signup"

    def open(self) -> SignUp:
        """Go there."""
        self.page.goto(self.address)
        return self

    @property
    def password(self) -> Locator:
        """The field for the password."""
        return self.page.get_by_label("Password:", exact=True)

    def submit(self, name: str, password: str, again: str | None = None) -> str:
        """Fill in the form and send it, whatever the browser thinks of it; returns the answer."""
        self.page.get_by_label("Username:").fill(name)
        self.password.fill(password)
        self.page.get_by_label("Repeat the password:").fill(password if again is None else again)
        self.page.locator("form").evaluate("form => { form.noValidate = true }")
        self.page.get_by_role("button", name="Sign up").click()
        return self.answer()

    def answer(self) -> str:
        """What came of it."""
        return self.page.get_by_role("alert").inner_text()


class Accounts:
    """The administrator's list of accounts."""

    def __init__(self, page: Page, deployment: HubDeployment) -> None:
        self.page = page
        self.address = f"{deployment.url}hub/authorize"

    def open(self) -> Accounts:
        """Go there."""
        self.page.goto(self.address)
        expect(self.page.get_by_role("heading", name="Accounts")).to_be_visible()
        return self

    def row(self, name: str) -> Locator:
        """A person's line."""
        return self.page.get_by_role("row").filter(has=self.page.get_by_role("rowheader", name=name, exact=True))

    def approve(self, name: str) -> None:
        """Press the button; returns when the list shows it."""
        self.page.get_by_role("button", name=f"Approve: {name}").click()
        expect(self.row(name)).to_contain_text("approved")


class Home:
    """The hub's home page of a signed-in person."""

    def __init__(self, page: Page, deployment: HubDeployment) -> None:
        self.page = page
        self.address = f"{deployment.url}hub/home"

    def open(self) -> Home:
        """Go there. Its buttons work once its script is there."""
        self.page.goto(self.address)
        self.page.wait_for_function("() => window._jupyterhub_page_loaded")
        return self

    @property
    def stop_button(self) -> Locator:
        """The button that stops the lab."""
        return self.page.get_by_role("button", name="Stop your lab")

    @property
    def start_button(self) -> Locator:
        """The button that starts the lab."""
        return self.page.get_by_role("button", name="Start your lab")

    def stop(self) -> None:
        """Stop the lab; returns when it is gone."""
        self.stop_button.click()
        expect(self.start_button).to_be_visible()

    def start(self) -> None:
        """Start the lab; the browser is on its way there."""
        self.start_button.click()


class Lab:
    """A person's JupyterLab, with the notebook in front."""

    def __init__(self, page: Page, deployment: HubDeployment, user: str) -> None:
        self.page = page
        self.address = re.compile(re.escape(f"{deployment.url}user/{user}/lab"))

    def wait(self) -> Lab:
        """Until JupyterLab is there, also through the page that shows a starting lab."""
        self.page.wait_for_url(self.address)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)
        expect(self.page.get_by_role("menuitem", name="File")).to_be_visible()
        return self

    @property
    def notebook(self) -> Locator:
        """The notebook in front."""
        return self.page.locator(".jp-NotebookPanel:visible")

    def choose(self, *words: str) -> None:
        """Choose from the menus, by the words of the menu, perhaps a menu in it, and the line."""
        self.page.get_by_role("menuitem", name=words[0], exact=True).click()
        for word in words[1:]:
            self.page.locator(".lm-Menu-item:visible").filter(has_text=re.compile(f"^{re.escape(word)}")).click()

    def open_launcher(self) -> Locator:
        """The launcher, in front."""
        if not self.page.locator(".jp-Launcher:visible").count():
            self.choose("File", "New Launcher")
        return self.page.locator(".jp-Launcher:visible")

    def new_notebook(self, kernel: str = "Python 3") -> Lab:
        """Open a new notebook by the launcher, once it offers the kernel; returns when that is idle."""
        card = self.open_launcher().locator(f".jp-LauncherCard[data-category=Notebook][title^='{kernel}']").first
        for _ in range(3):  # the launcher may be drawn anew under the click while extensions still load
            card.click()
            with contextlib.suppress(AssertionError):
                expect(self.notebook).to_have_count(1, timeout=20_000)
                break
        self.wait_until_idle(kernel)
        return self

    def open_notebook(self, name: str) -> Lab:
        """Open a notebook from the list of files; returns when its kernel is idle."""
        self.page.get_by_role("listitem").filter(has_text=name).dblclick()
        self.wait_until_idle()
        return self

    def wait_until_idle(self, kernel: str = "Python") -> None:
        """Until the notebook's kernel is there and has nothing to do, as JupyterLab shows it."""
        expect(self.notebook.locator(".jp-Toolbar-kernelName")).to_contain_text(kernel)
        expect(self.notebook.locator(f".jp-Notebook-ExecutionIndicator{IDLE}")).to_have_count(1)

    def begin(self, code: str) -> Locator:
        """Type code into the last cell and run it; returns the cell."""
        cells = self.notebook.locator(".jp-CodeCell")
        cell = cells.nth(cells.count() - 1)
        cell.locator(".cm-content").click()
        self.page.keyboard.insert_text(code)  # as pasted: no bracket is closed for us
        self.page.keyboard.press("Shift+Enter")
        return cell

    def run(self, code: str) -> str:
        """Type code into the last cell and run it; returns what it wrote."""
        cell = self.begin(code)
        expect(cell.locator(".jp-InputPrompt")).to_have_text(re.compile(r"\[\d+\]:"))
        self.wait_until_idle()
        self.page.evaluate(TWO_FRAMES)  # what the kernel sent is there; now it is drawn as well
        return "\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts()).strip()

    def save_as(self, name: str) -> None:
        """Save the new notebook under a name; returns when the page shows that nothing is unsaved."""
        self.page.keyboard.press("Control+s")
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_role("textbox").fill(name)
        dialog.get_by_role("button", name="Rename and Save").click()
        expect(self.tab(name)).to_have_class(re.compile("jp-mod-current"))
        expect(self.tab(name)).not_to_have_class(re.compile("jp-mod-dirty"))

    def save(self, name: str) -> None:
        """Save the notebook in front, which has this name; returns when the page shows that nothing is unsaved."""
        self.page.keyboard.press("Control+s")
        expect(self.tab(name)).not_to_have_class(re.compile("jp-mod-dirty"))

    def tab(self, name: str) -> Locator:
        """What one clicks to have a file in front."""
        return self.page.get_by_role("main").get_by_role("tab", name=name)


class Files:
    """The file browser beside the notebook."""

    def __init__(self, lab: Lab) -> None:
        self.page = lab.page

    def show(self) -> Files:
        """Have it in front, at the home."""
        tab = self.page.locator(".lm-TabBar-tab[data-id=filebrowser]")
        if "lm-mod-current" not in (tab.get_attribute("class") or ""):
            tab.click()
        above = self.page.locator("#filebrowser .jp-BreadCrumbs-item")
        if above.count():  # to read the list again in vain is in the way of a folder that is being made
            self.page.locator("#filebrowser .jp-BreadCrumbs-home").click()
            expect(above).to_have_count(0)
        return self

    def item(self, name: str) -> Locator:
        """A file's or folder's line."""
        text = self.page.locator(".jp-DirListing-itemText").filter(has_text=re.compile(f"^{re.escape(name)}$"))
        return self.page.get_by_role("listitem").filter(has=text)

    def make_folder(self, name: str) -> None:
        """Make a folder by the button above the list."""
        self.page.locator("#filebrowser [data-command='filebrowser:create-new-directory']").click()
        editor = self.page.locator(".jp-DirListing-editor")
        try:
            editor.fill(name, timeout=15_000)
        except Overdue:  # on a busy machine the list is drawn anew meanwhile, which ends the naming
            told = self.page.get_by_role("dialog", name="Item does not exist")
            if told.is_visible():  # as JupyterLab says of the line that was drawn anew
                told.get_by_role("button").last.click()
            self.choose("Untitled Folder", "Rename")
            editor.fill(name)
        editor.press("Enter")
        expect(self.item(name)).to_be_visible()

    def choose(self, name: str, line: str) -> None:
        """Choose from the menu of a file or folder."""
        self.item(name).click(button="right")
        self.page.locator(".lm-Menu-item:visible").filter(has_text=line).first.click()


def sign_in(page: Page, deployment: HubDeployment, user: str, password: str) -> Lab:
    """Sign in, which starts the lab where none runs; returns when JupyterLab is there."""
    SignIn(page, deployment).open().submit(user, password)
    return Lab(page, deployment, user).wait()
