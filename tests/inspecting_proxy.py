"""A network that inspects TLS: an HTTP proxy that answers for the host that is asked for, with a certificate of an
authority of its own. It serves one package index and reaches nothing else."""

from __future__ import annotations

import contextlib
import functools
import http.server
import socketserver
import ssl
import subprocess
import threading
from pathlib import Path

EASY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")


class InspectingProxy:
    """The proxy, for as long as the context lasts.

    :param folder: holds the files that it serves, and its keys.
    :param address: where it listens.
    :param name: the only host for which it has a certificate.
    """

    def __init__(self, folder: Path, address: str, name: str) -> None:
        self.folder = folder
        self.authority = folder / "authority.pem"
        self.asked: list[str] = []
        """What it was asked to connect to, as `host:port`."""
        self._make_certificates(name)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(folder / "host.pem", folder / "host.key")
        self._server = socketserver.ThreadingTCPServer((address, 0), functools.partial(_Connection, self))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> InspectingProxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def secure(self, connection: object) -> ssl.SSLSocket:
        """The connection as the host that was asked for would have it."""
        return self._context.wrap_socket(connection, server_side=True)  # type: ignore[arg-type]

    def _make_certificates(self, name: str) -> None:
        def openssl(*words: str) -> None:
            subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)

        subject = ("-subj", "/CN=An authority of the network's own", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        openssl("req", "-x509", *EASY, *subject, "-keyout", "authority.key", "-out", "authority.pem")
        openssl("req", *EASY[:-2], "-subj", f"/CN={name}", "-keyout", "host.key", "-out", "host.csr")
        (self.folder / "host.ext").write_text(f"subjectAltName=DNS:{name}\nauthorityKeyIdentifier=keyid\n")
        signed = (
            "-CA",
            "authority.pem",
            "-CAkey",
            "authority.key",
            "-CAcreateserial",
            "-extfile",
            "host.ext",
            "-days",
            "2",
        )
        openssl("x509", "-req", "-in", "host.csr", *signed, "-out", "host.pem")


class _Connection(http.server.BaseHTTPRequestHandler):
    def __init__(self, proxy: InspectingProxy, *given: object) -> None:
        self.proxy = proxy
        super().__init__(*given)  # type: ignore[arg-type]

    def do_CONNECT(self) -> None:
        """Be the host that is asked for."""
        self.proxy.asked.append(self.path)
        self.send_response(200, "Connection established")
        self.end_headers()
        with contextlib.suppress(ssl.SSLError, ConnectionError):  # who does not trust the certificate hangs up
            _Index(self.proxy, self.proxy.secure(self.connection), self.client_address, self.server)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing."""


class _Index(http.server.BaseHTTPRequestHandler):
    def __init__(self, proxy: InspectingProxy, *given: object) -> None:
        self.proxy = proxy
        super().__init__(*given)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """The list of files for every package, or one of the files."""
        wheels = list(self.proxy.folder.glob("*.whl"))
        wanted = [path for path in wheels if self.path.endswith(path.name)]
        page = "".join(f'<a href="/{path.name}">{path.name}</a>\n' for path in wheels)
        body = wanted[0].read_bytes() if wanted else page.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/zip" if wanted else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""
