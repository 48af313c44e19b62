"""Real git repositories over HTTP on this machine's loopback: git's own server behind Python's."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

PRIVATE = "private"
"""Repositories below this folder ask for a name and a password, and let nobody in."""
SILENT = "silent"
"""Requests below this folder get no answer, as from a host that is dead, until the server ends."""
AUTHOR = ("-c", "user.name=A Lecturer", "-c", "user.email=lecturer@example.org")


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder as a developer does, and return what it printed."""
    command = ["git", *AUTHOR, "-c", "init.defaultBranch=main", "-c", "safe.directory=*", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def committed(folder: Path) -> Iterator[None]:
    """A directory is a clone, with all that lies in it committed; afterwards it is none."""
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "as it runs")
    yield
    shutil.rmtree(folder / ".git")


class GitServer:
    """Serves the bare repositories of a folder.

    :param host: the address to listen on; labs reach none of loopback.
    """

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.released = threading.Event()
        self._server = ThreadingHTTPServer((host, 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"

    def repository(self, name: str, files: Mapping[str, str]) -> str:
        """Commit files to a repository, which is made where it is not there yet; returns its address."""
        bare, work = self.folder / f"{name}.git", self.folder / "work" / name
        if not bare.exists():
            bare.mkdir(parents=True)
            work.mkdir(parents=True)
            git(bare, "init", "--quiet", "--bare")
            git(work, "init", "--quiet")
        for file, text in files.items():
            (work / file).parent.mkdir(parents=True, exist_ok=True)
            (work / file).write_text(text)
        return self.commit(name)

    def commit(self, name: str) -> str:
        """Commit what is in a repository's folder of work; returns its address."""
        work = self.folder / "work" / name
        git(work, "add", "--all", "--force")
        git(work, "commit", "--quiet", "--message=files")
        git(work, "push", "--quiet", str(self.folder / f"{name}.git"), "HEAD:main")
        return f"{self.url}/{name}.git"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.answer(self)

            def do_POST(self) -> None:
                server.answer(self)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request by git's own server."""
        path, _, query = request.path.partition("?")
        if path.startswith(f"/{SILENT}/"):
            self.released.wait(120)
            request.close_connection = True
            return
        if path.startswith(f"/{PRIVATE}/"):
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="git"')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        environment = {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
            "PATH_INFO": unquote(path),
            "QUERY_STRING": query,
            "REQUEST_METHOD": request.command,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        headers = dict(line.decode().split(": ", 1) for line in head.split(b"\r\n") if line)
        request.send_response(int(headers.pop("Status", "200 OK").split()[0]))
        for name, value in headers.items():
            request.send_header(name, value)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    @contextmanager
    def running(self) -> Iterator[GitServer]:
        """Serve, and end with everything that was begun."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.released.set()
            self._server.shutdown()
            self._server.server_close()
            thread.join()
