"""Running commands, and saying plainly which one failed."""

import os
import pathlib
import shlex
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / "target/packaging"
TOOLS = ROOT / "target/tools"


class Failure(Exception):
    """What went wrong, in words for people."""


def run(*command, check=True, **options):
    """Runs a command to its end; its output, both streams, is the answer's `stdout`."""
    environment = {**os.environ, "PATH": f"{TOOLS}/bin:{os.environ['PATH']}", **options.pop("env", {})}
    done = subprocess.run(
        [str(word) for word in command], stdout=subprocess.PIPE, stderr=options.pop("stderr", subprocess.STDOUT),
        stdin=options.pop("stdin", None if "input" in options else subprocess.DEVNULL), text=True,
        env=environment, cwd=ROOT, **options)
    if check and done.returncode:
        words = shlex.join(str(word) for word in command)
        raise Failure(f"{words} ended with {done.returncode}:\n{done.stdout.strip()}")
    return done


def output(*command):
    """What a command prints on standard output; its words go to ours."""
    return run(*command, stderr=None).stdout
