"""Builds the program and both packages of it."""

import json
import os
import pathlib
import tomllib

import papers
from run import HOME, ROOT, Failure, output, run

# Rust's target -> what Debian and rpm call it.
ARCHITECTURES = {"x86_64": ("amd64", "x86_64"), "aarch64": ("arm64", "aarch64")}


def source_date():
    """The time of the last commit, or what SOURCE_DATE_EPOCH says: all dates in the packages."""
    date = os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct").strip()
    if not date.isdigit():
        raise Failure(f"SOURCE_DATE_EPOCH must be seconds since 1970, not {date!r}")
    return int(date)


def built():
    """Where cargo builds: `target`, or what CARGO_TARGET_DIR or cargo's own settings say."""
    told = json.loads(output("cargo", "metadata", "--format-version=1", "--no-deps", "--locked", "--offline"))
    return pathlib.Path(told["target_directory"])


def program():
    """The path of the program for this machine."""
    path = built() / "release/backlogd"
    if not path.is_file():
        raise Failure(f"{path} is not there: `cargo build --release` did not put it where cargo says that it builds")
    return path


def build(target=None):
    """Builds the program; with `target`, for that machine as well."""
    run("cargo", "build", "--release", "--locked")
    if target:
        run("cargo", "build", "--release", "--locked", "--target", target)


def pack(place, target=None):
    """Makes both packages of what was built, in `place`: the paths of the deb and of the rpm."""
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    date = source_date()
    # Completions come from the program for this machine: they are the same on all.
    papers.stage(program(), package, date)
    machine = target.split("-")[0] if target else os.uname().machine
    if machine not in ARCHITECTURES:
        raise Failure(f"no packages for {machine}: there are {', '.join(ARCHITECTURES)}")
    debian, fedora = ARCHITECTURES[machine]
    place.mkdir(parents=True, exist_ok=True)
    deb = place / f"backlogd_{package['version']}-1_{debian}.deb"
    rpm = place / f"backlogd-{package['version']}-1.{fedora}.rpm"
    environment = {"SOURCE_DATE_EPOCH": str(date)}
    towards = ["--target", target] if target else []
    run("cargo", "deb", "--no-build", "--no-strip", "--locked", "--output", deb, *towards, env=environment)
    run("cargo", "generate-rpm", "--auto-req", "builtin", "--target-dir", built(), "--output", rpm, *towards,
        env=environment)
    return deb, rpm


def packages(target=None):
    """Builds and packs, where `packaging/build` says the packages are."""
    build(target)
    return pack(HOME, target)
