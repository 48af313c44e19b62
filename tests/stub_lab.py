"""Labs of a few lines of Python, for tests that need many: they go through hub, guard and engine as any other."""

from __future__ import annotations

STUB = """
import os, signal, socket, sys, time
def end(*_):
    time.sleep(float(os.environ.get("SLOW_END", 0))); os._exit(0)
signal.signal(signal.SIGTERM, end)
time.sleep(float(os.environ.get("SLOW_START", 0)))
path = next(each for each in sys.argv if each.startswith("--ServerApp.sock=")).partition("=")[2]
door = socket.socket(socket.AF_UNIX); door.bind(path); os.chmod(path, 0o660); door.listen(64)
while True:
    one, _ = door.accept()
    try:
        one.recv(65536)
        one.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 7\\r\\nConnection: close\\r\\n\\r\\nstarted")
    except OSError:
        pass
    one.close()
"""
"""Answers everything with `started`. SLOW_START and SLOW_END are seconds."""

COMMAND = ["/opt/jupyterhub/bin/python", "-I", "-S", "-c", STUB]
"""A lab's command in the hub's image."""
