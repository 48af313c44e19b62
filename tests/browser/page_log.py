"""What happened behind a page: its console, the answers it got, its websockets."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Page, Response, WebSocket


@dataclass
class PageLog:
    """Kept from the moment a page is made.

    :param lines: everything, in order, for the reader of a failed test.
    :param faults: errors on the console and answers of 400 and above, in the page's words.
    :param opened: the addresses of the websockets that were opened.
    :param closed: the addresses of those that were closed, by whomever.
    """

    lines: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", self._console)
        page.on("pageerror", self._error)
        page.on("response", self._response)
        page.on("websocket", self._websocket)

    def kernel_websockets(self) -> list[str]:
        """The addresses of the websockets to kernels that were opened."""
        return [url for url in self.opened if "/api/kernels/" in url]

    def _note(self, line: str, *, fault: bool) -> None:
        self.lines.append(line)
        if fault:
            self.faults.append(line)

    def _console(self, message: ConsoleMessage) -> None:
        self._note(f"console {message.type}: {message.text}", fault=message.type == "error")

    def _error(self, error: Error) -> None:
        self._note(f"uncaught: {error.message}", fault=True)

    def _response(self, response: Response) -> None:
        bad = response.status >= 400
        if bad:
            self._note(f"{response.status} {response.request.method} {response.url}", fault=True)

    def _websocket(self, channel: WebSocket) -> None:
        url = channel.url
        self._note(f"websocket opened: {url}", fault=False)
        self.opened.append(url)
        channel.on("close", lambda _: self._closed(url))

    def _closed(self, url: str) -> None:
        self._note(f"websocket closed: {url}", fault=False)
        self.closed.append(url)
