"""What the packages' own checkers say of them. Tags that stay are explained where they are overridden."""

import filecmp
import hashlib
import re

import package
from checks import expect, expect_equal
from run import HOME, ROOT, run

# The two pages refer to each other, and are not installed where this runs.
EXPECTED = "referenced manual not found"

# What Amazon Linux 2023 has on every image for EC2, RHEL 9 and newer Fedoras as well: libraries with the newest version of
# their symbols (of glibc 2.34 and gcc 11), packages, and abilities of rpm (4.16).
LIBRARIES = {"libc.so.6": "GLIBC_2.34", "libm.so.6": "GLIBC_2.34", "libgcc_s.so.1": "GCC_11"}
PROVIDED = {
    "/bin/sh", "ca-certificates", "systemd", "rtld(GNU_HASH)", "rpmlib(CompressedFileNames) <= 3.0.4-1",
    "rpmlib(FileDigests) <= 4.6.0-1", "rpmlib(PayloadFilesHavePrefix) <= 4.0-1", "rpmlib(PayloadIsZstd) <= 5.4.18-1",
}


def the_manual_pages_are_sound(*_):
    done = run("mandoc", "-Tlint", "-Wstyle", "docs/backlogd.8", "docs/backlogd.toml.5", check=False)
    found = [line for line in done.stdout.splitlines() if line.startswith("mandoc: docs/") and EXPECTED not in line]
    expect(not found, "\n".join(found))


def lintian_is_content(deb, _):
    # Letters that happen to follow each other in machine code are no words; an override would be unused in most builds.
    done = run("lintian", "--suppress-tags=spelling-error-in-binary", "--display-info",
               "--fail-on=error,warning,info", "--allow-root", "--tag-display-limit=0", deb, check=False)
    expect(not done.returncode, done.stdout)


def rpmlint_is_content(_, rpm):
    done = run("rpmlint", "--strict", "--config", ROOT / "packaging/rpm/rpmlint.toml", rpm, check=False)
    expect(not done.returncode, done.stdout)


def is_no_newer(symbols, newest):
    """Whether a version of symbols, such as GLIBC_2.17, is of that kind and at most that one; GLIBC_PRIVATE is not."""
    (kind, _, version), (wanted, _, most) = symbols.partition("_"), newest.partition("_")
    numbers = [[int(each) for each in text.split(".") if each.isdigit()] for text in (version, most)]
    return kind == wanted and bool(numbers[0]) and numbers[0] <= numbers[1]


def the_program_wants_no_newer_glibc_than_that_of_amazon_linux(*_):
    told = run("readelf", "--version-info", "--wide", package.program()).stdout
    wanted = set(re.findall(r"Name: (GLIBC_\S+)", told))
    expect(wanted, f"readelf shows no symbols of glibc:\n{told}")
    newer = {symbols for symbols in wanted if not is_no_newer(symbols, LIBRARIES["libc.so.6"])}
    expect(not newer, f"the program wants {newer}, newer than {LIBRARIES['libc.so.6']}")


def what_the_rpm_requires_amazon_linux_has(_, rpm):
    """Where it is tried, rpm knows of no other package, and is told not to look."""
    def is_there(each):
        library = re.fullmatch(r"(lib\S+\.so\.\d+)\((.*)\)\(64bit\)", each)
        if not library:
            return each in PROVIDED
        name, symbols = library.groups()
        return name in LIBRARIES and (not symbols or is_no_newer(symbols, LIBRARIES[name]))
    required = run("rpm", "--query", "--requires", "--package", rpm).stdout.splitlines()
    # The settings are its own.
    missing = {each for each in required if not each.startswith("config(backlogd) = ") and not is_there(each)}
    expect(not missing, f"not known to be there: {missing}")


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


def exposure(lines):
    """What `systemd-analyze security` reckons of the unit with these lines."""
    (HOME / "backlogd.service").write_text("\n".join(lines) + "\n")
    told = run("systemd-analyze", "security", "--offline=true", "--no-pager", HOME / "backlogd.service").stdout
    return re.search(r"exposure level for \S+ ([\d.]+)", told)[1]


def the_exposures_in_the_documentation_are_those_measured(*_):
    unit = (ROOT / "systemd/backlogd.service").read_text().splitlines()
    page = (ROOT / "docs/systemd.md").read_text()
    told = dict(re.findall(r"^\| `(\w+=.*?)` \| ([\d.]+) \|", page, re.MULTILINE))
    expect(set(told) <= set(unit), f"lines that are not in the unit: {set(told) - set(unit)}")
    fences = unit[unit.index("NoNewPrivileges=yes"):unit.index("[Install]")]
    untold = {line for line in fences if line and not line.startswith("#")} - set(told)
    expect(not untold, f"docs/systemd.md does not tell of {untold}")
    found = {line: exposure([each for each in unit if each != line]) for line in told}
    expect_equal(told, found, "exposures in docs/systemd.md")
    bare = exposure([line for line in unit if line not in told])
    for words in (f"as **{exposure(unit)}**", f"without the lines below it is {bare}."):
        expect(words in page, f"docs/systemd.md does not say {words!r}")


CHECKS = [
    the_manual_pages_are_sound, lintian_is_content, rpmlint_is_content, packing_again_makes_the_same_bytes,
    the_program_wants_no_newer_glibc_than_that_of_amazon_linux, what_the_rpm_requires_amazon_linux_has,
    both_packages_hold_the_same_files, the_same_user_is_made_by_both,
    the_exposures_in_the_documentation_are_those_measured,
]
