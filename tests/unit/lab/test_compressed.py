"""homeroom_lab.compressed: which files of the page get a compressed copy."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from homeroom_lab.compressed import compress


def test_what_gets_smaller_has_a_copy(tmp_path: Path) -> None:
    """Scripts, styles and drawings of some size do; pictures, small files and what cannot be made smaller do not."""
    script = b"const lesson = 1;\n" * 500
    (tmp_path / "git/static").mkdir(parents=True)
    for name in ("git/static/a.js", "b.css", "c.svg", "photo.png"):
        (tmp_path / name).write_bytes(script)
    (tmp_path / "small.js").write_bytes(b"1;")
    (tmp_path / "noise.js").write_bytes(os.urandom(5000))
    compress([tmp_path, tmp_path / "missing"])
    assert sorted(path.name for path in tmp_path.rglob("*.gz")) == ["a.js.gz", "b.css.gz", "c.svg.gz"]
    assert gzip.decompress((tmp_path / "git/static/a.js.gz").read_bytes()) == script


def test_the_same_files_give_the_same_copies(tmp_path: Path) -> None:
    """An image that is built again is the same again."""
    (tmp_path / "a.js").write_bytes(b"const lesson = 1;\n" * 500)
    compress([tmp_path])
    first = (tmp_path / "a.js.gz").read_bytes()
    compress([tmp_path])
    assert (tmp_path / "a.js.gz").read_bytes() == first
    assert not (tmp_path / "a.js.gz.gz").exists()
