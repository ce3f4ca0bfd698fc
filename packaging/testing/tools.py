"""What packaging and its test need and the machine may lack: fetched by apt and cargo, the latter below target/."""

import shutil

from run import TOOLS, run

CARGO = {"cargo-deb": "3.8.0", "cargo-generate-rpm": "0.21.1"}
# Command -> Debian package.
DEBIAN = {
    "debootstrap": "debootstrap", "systemd-nspawn": "systemd-container", "systemd-analyze": "systemd",
    "nsenter": "util-linux", "dpkg-shlibdeps": "dpkg-dev", "lintian": "lintian", "rpm": "rpm",
    "rpmlint": "rpmlint", "readelf": "binutils", "mandoc": "mandoc", "git": "git",
}


def cargo_tools():
    """The two packagers, built once for each version."""
    for name, version in CARGO.items():
        if not (TOOLS / "bin" / name).exists() or version not in run(name, "--version").stdout:
            print(f"   building {name} {version}, once", flush=True)
            run("cargo", "install", "--quiet", "--locked", "--root", TOOLS, f"{name}@{version}")


def debian_tools():
    """Commands of Debian 12."""
    missing = sorted({package for command, package in DEBIAN.items() if not shutil.which(command)})
    if missing:
        print(f"   installing {' '.join(missing)}", flush=True)
        run("apt-get", "update", "--quiet")
        run("apt-get", "install", "--yes", "--no-install-recommends", *missing,
            env={"DEBIAN_FRONTEND": "noninteractive"})
