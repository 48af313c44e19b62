"""Listens where a lab does, and answers every request with 200."""

import os
import socket
import sys

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

path = next(word.partition("=")[2] for word in sys.argv if word.startswith("--ServerApp.sock="))
if os.path.exists(path):  # noqa: PTH110 - pathlib alone would be a third of its start
    os.unlink(path)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
os.chmod(path, 0o660)  # noqa: PTH101 - as above
listener.listen(64)
while True:
    caller, _ = listener.accept()
    with caller:
        try:
            if caller.recv(65536):
                caller.sendall(ANSWER)
        except OSError:  # a client that only looked whether there is a listener is gone by now
            continue
