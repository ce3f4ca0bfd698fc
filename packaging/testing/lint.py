"""What the packages' own checkers say of them. Tags that stay are explained where they are overridden."""

import filecmp
import hashlib

import package
from checks import expect, expect_equal
from run import HOME, ROOT, run

# The two pages refer to each other, and are not installed where this runs.
EXPECTED = "referenced manual not found"


def the_manual_pages_are_sound(*_):
    done = run("mandoc", "-Tlint", "-Wstyle", "docs/backlogd.8", "docs/backlogd.toml.5", check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("mandoc: docs/") and EXPECTED not in line]
    expect(not found, "\n".join(found))


def lintian_is_content(deb, _):
    done = run("lintian", "--display-info", "--fail-on=error,warning,info", "--allow-root", "--tag-display-limit=0",
               deb, check=False)
    expect(not done.returncode, done.stdout)


def rpmlint_is_content(_, rpm):
    done = run("rpmlint", "--strict", "--config", ROOT / "packaging/rpm/rpmlint.toml", rpm, check=False)
    expect(not done.returncode, done.stdout)


def packing_again_makes_the_same_bytes(deb, rpm):
    for one, other in zip((deb, rpm), package.pack(HOME / "again")):
        digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (one, other)]
        expect(filecmp.cmp(one, other, shallow=False), f"{one.name} differs: {digests}")


def both_packages_hold_the_same_files(deb, rpm):
    """But for those that each kind of system wants in a place, or a form, of its own."""
    own = ("/usr/share/doc/", "/usr/share/licenses/", "/usr/share/lintian/", "/usr/share/zsh/")
    # `-rwxr-xr-x root/root 123 2026-11-21 16:00 ./usr/bin/backlogd`: names of files only.
    listed = [line.split()[-1][1:] for line in run("dpkg-deb", "--contents", deb).stdout.splitlines()]
    in_deb = {path for path in listed if not path.endswith("/") and not path.startswith(own)}
    in_rpm = {path for path in run("rpm", "--query", "--list", "--package", rpm).stdout.split()
              if not path.startswith(own)}
    expect_equal(in_rpm, in_deb, "files of the rpm, held against the deb's")


def the_same_user_is_made_by_both(*_):
    """Where the rpm's script names it, it does so in the words of the sysusers file."""
    line = (ROOT / "systemd/backlogd.sysusers").read_text().strip()
    expect(line in (ROOT / "packaging/rpm/pre.sh").read_text(), f"packaging/rpm/pre.sh does not say {line}")


CHECKS = [
    the_manual_pages_are_sound, lintian_is_content, rpmlint_is_content, packing_again_makes_the_same_bytes,
    both_packages_hold_the_same_files, the_same_user_is_made_by_both,
]
