"""How long a first build of the images takes: `python -m bench.first_build [TREE ...]`.

The images of this tree, and of other checkouts of Homeroom that are named, are built in turn, each as its own `make up`
builds them, but with no layer and no downloaded package of an earlier build. The base image is there. Docker alone.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from generator.core.paths import ROOT

BUILD = """
import json, secrets, sys, time
from pathlib import Path
from generator.core.process import run
from generator.engine.deployment import Deployment
from generator.engine.find import client, find_engine
from generator.images.base import ensure_base_image
from generator.images.build import build_all
from generator.lifecycle.build import image_specs
from generator.schema.settings import Settings

settings = Settings.model_validate({"CONFIGPROXY_AUTH_TOKEN": "0" * 64, "COMPOSE_PROJECT_NAME": sys.argv[1]})
engine = find_engine()
here = Deployment(settings, engine)
specs = image_specs(here)
cold = ["--no-cache", "--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={secrets.token_hex(8)}"]

def runner(command, **options):
    build = list(command[:2]) == ["docker", "build"]
    return run([*command[:2], *cold, *command[2:]] if build else command, **options)

ensure_base_image(engine)
began = time.monotonic()
try:
    digests = {spec.name: "cold" for spec in specs}
    each = build_all(engine, specs, digests, packages="", logs=Path(sys.argv[2]), runner=runner)
    print(json.dumps({"all": time.monotonic() - began, **each}))
finally:
    for spec in specs:
        if client(engine).images.list(name=spec.tag):
            here.client.images.remove(spec.tag, force=True)
"""
"""Run in a tree with that tree's own code: a project's name and a directory for logs are its arguments. Each tree has a
BUILD of its own, since files move."""


def build(tree: Path, number: int) -> dict[str, float]:
    """Build a tree's images; the seconds that each took, and `all` of them together.

    :raises subprocess.CalledProcessError: a build failed; what it said has been shown.
    """
    logs = tree / "rendered/logs/cold"
    code = "from bench.first_build import BUILD; exec(BUILD)"
    command = [sys.executable, "-c", code, f"hrbuild{os.getpid()}-{number}", str(logs)]
    done = subprocess.run(command, cwd=tree, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Build, and print a table: medians in seconds, and the ratio to the first tree that is named."""
    parser = argparse.ArgumentParser(prog="python -m bench.first_build", description=__doc__)
    parser.add_argument("trees", nargs="*", type=Path, metavar="TREE", help="other checkouts of Homeroom")
    parser.add_argument("--repetitions", type=int, default=3)
    asked = parser.parse_args()
    trees = [*(tree.resolve() for tree in asked.trees), ROOT]
    found: dict[Path, list[dict[str, float]]] = {tree: [] for tree in trees}
    for number in range(asked.repetitions):
        for tree in trees:
            found[tree].append(build(tree, number))
            print(f"{tree}: {json.dumps({name: round(one) for name, one in found[tree][-1].items()})}", flush=True)
    medians = {tree: statistics.median(one["all"] for one in found[tree]) for tree in trees}
    for tree, seconds in medians.items():
        print(f"{tree}: {seconds:.0f} s, {seconds / medians[trees[0]]:.2f}x")


if __name__ == "__main__":
    main()
