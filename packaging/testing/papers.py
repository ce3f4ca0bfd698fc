"""What comes with the program in both packages: manual pages, completions, the schema, changelogs, others' licences."""

import datetime
import email.utils
import gzip
import json
import pathlib
import re
import textwrap

from run import HOME, ROOT, Failure, output

STAGE = HOME / "stage"
COMPLETIONS = {"bash": "backlogd.bash", "zsh": "_backlogd", "fish": "backlogd.fish"}
LICENCE = re.compile(r"(licen[cs]e|copying|copyright|notice)", re.IGNORECASE)


def stage(binary, package, date):
    """Writes it all below `STAGE`. The same input makes the same bytes."""
    STAGE.mkdir(parents=True, exist_ok=True)
    for page in ("backlogd.8", "backlogd.toml.5"):
        compressed(f"{page}.gz", (ROOT / "docs" / page).read_text())
    for shell, name in COMPLETIONS.items():
        (STAGE / name).write_text(output(binary, "completions", shell))
    (STAGE / "backlogd.schema.json").write_text(output(binary, "schema"))
    changes = (ROOT / "CHANGELOG.md").read_text()
    compressed("changelog.gz", changes)
    compressed("changelog.Debian.gz", debian_changelog(changes, package, date))
    compressed("THIRD-PARTY.gz", third_party())


def compressed(name, text):
    (STAGE / name).write_bytes(gzip.compress(text.encode(), 9, mtime=0))


def debian_changelog(changes, package, date):
    """CHANGELOG.md in Debian's form. What is not released yet counts as the version at hand, of `date`."""
    entries = []
    for title, body in re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", changes, re.DOTALL | re.MULTILINE):
        version, _, day = title.partition(" - ")
        when = datetime.datetime.fromtimestamp(date, datetime.timezone.utc)
        if day:
            when = datetime.datetime.fromisoformat(day.strip()).replace(hour=12, tzinfo=datetime.timezone.utc)
        points = re.findall(r"^- (.*?)(?=^- |^#|^\s*$|\Z)", body, re.DOTALL | re.MULTILINE)
        lines = [textwrap.fill(" ".join(point.split()), 76, initial_indent="  * ", subsequent_indent="    ",
                               break_long_words=False, break_on_hyphens=False) for point in points]
        version = package["version"] if version == "Unreleased" else version.strip("[]")
        maintainer = package["metadata"]["deb"]["maintainer"]
        entries.append(f"backlogd ({version}-1) unstable; urgency=medium\n\n" + "\n".join(lines)
                       + f"\n\n -- {maintainer}  {email.utils.format_datetime(when)}\n")
    if not entries:
        raise Failure("CHANGELOG.md has no `## VERSION` in it")
    return "\n".join(entries)


def third_party():
    """The licences of all that is linked into the program, each text once, with whose it is."""
    words, texts = ["backlogd is linked with these libraries.\n"], {}
    for crate in linked():
        name = f"{crate['name']} {crate['version']}"
        words.append(f"{name}: {crate['license'] or 'see its text'}")
        folder = pathlib.Path(crate["manifest_path"]).parent
        for path in sorted(each for each in folder.iterdir() if each.is_file() and LICENCE.match(each.name)):
            text = path.read_text(errors="replace").strip()
            texts.setdefault(text, []).append(f"{name} ({path.name})")
    for text, owners in texts.items():
        words.append("\n" + "-" * 80 + "\n" + textwrap.fill("; ".join(owners), 100) + "\n\n" + text)
    return "\n".join(words) + "\n"


def linked():
    """The crates that the program is linked with, sorted; not those that only build or test it."""
    data = json.loads(output("cargo", "metadata", "--format-version=1", "--locked", "--offline",
                             "--filter-platform=x86_64-unknown-linux-gnu"))
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    found, todo = set(), [data["resolve"]["root"]]
    while todo:
        for each in nodes[todo.pop()]["deps"]:
            if each["pkg"] not in found and any(kind["kind"] is None for kind in each["dep_kinds"]):
                found.add(each["pkg"])
                todo.append(each["pkg"])
    return sorted((each for each in data["packages"] if each["id"] in found),
                  key=lambda each: (each["name"], each["version"]))
