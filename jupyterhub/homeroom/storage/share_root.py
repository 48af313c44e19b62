"""Ready a share's volume for labs: `python -m homeroom.storage.share_root DIRECTORY`, run by `make up` in a container.

The directory becomes the labs' group's (it runs as 0:100, so that takes no capability), passes that group on to what
is made in it (setgid) and, where the file system has ACLs, lets the group write into all of it whatever the umask of
the program that makes it. No one else may even look.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from pathlib import Path

GROUP = 100
MODE = 0o2770
READ_WRITE_ENTER = 7
# linux/posix_acl_xattr.h: version, then (tag, permissions, id) each
USER_OBJ, GROUP_OBJ, OTHER = 0x01, 0x04, 0x20
UNDEFINED_ID = 0xFFFFFFFF


def default_acl() -> bytes:
    """An ACL that new files and directories take: their owner and their group may all, others nothing."""
    entries = ((USER_OBJ, READ_WRITE_ENTER), (GROUP_OBJ, READ_WRITE_ENTER), (OTHER, 0))
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", tag, may, UNDEFINED_ID) for tag, may in entries)


def ready(directory: Path) -> None:
    """Give it group, mode and default ACL."""
    os.chown(directory, -1, GROUP)
    directory.chmod(MODE)
    with contextlib.suppress(OSError):  # a file system without ACLs: setgid and the labs' umask do the same
        os.setxattr(directory, "system.posix_acl_default", default_acl())


if __name__ == "__main__":
    ready(Path(sys.argv[1]))
