"""Follows the README's section on installing to the letter, in a booted machine."""

import re

import service
from checks import expect, expect_equal
from machine import until
from run import ROOT
from world import CREDENTIALS


def blocks():
    """The section's shell commands, block by block."""
    text = (ROOT / "README.md").read_text()
    section = re.search(r"^## Install\n(.*?)(?=^## )", text, re.DOTALL | re.MULTILINE)
    found = re.findall(r"^```sh\n(.*?)^```", section[1], re.DOTALL | re.MULTILINE) if section else []
    expect(len(found) > 3, "the README has no commands under `## Install`")
    return found


def is_for(kind, block):
    """Whether a block is for systems with debs or rpms, or for both."""
    other = {"deb": "dnf ", "rpm": "apt "}[kind]
    return other not in block


def here(block):
    """A block as it can be run here: packages by their path, and by rpm instead of dnf, which is not there."""
    block = re.sub(r"\./(backlogd[-_])\S+\.(deb|rpm)", r"/packages/\1*.\2", block)
    return block.replace("dnf install", "rpm --install --nodeps").replace("dnf remove", "rpm --erase")


def following(kind):
    """The checks that run the README's commands for that kind of package."""
    ours = [here(block) for block in blocks() if is_for(kind, block)]
    removal = [block for block in ours if re.search(r"(apt|dnf) (remove|purge)|--erase", block)]
    until_removal = [block for block in ours if block not in removal]

    def following_the_readme_it_is_installed_and_runs(machine, world):
        world.pair("images", "image-workers", 5)
        machine.write("/etc/backlogd-credentials", CREDENTIALS)
        machine.write(f"{service.DROP_IN}/test.conf", world.access().replace("/backlogd/cred", "/backlogd-cred"))
        # Whoever follows it answers yes.
        machine.write("/etc/apt/apt.conf.d/yes", 'APT::Get::Assume-Yes "true";\n')
        for block in until_removal:
            machine.run(block)
        expect(machine.is_active(), f"the service is {machine.shows('ActiveState')}")
        expect_equal(machine.says("systemctl is-enabled backlogd"), "enabled", "is-enabled")
        until("the metric", lambda: world.calls("PutMetricData", '"BacklogPerInstance"'))

    def following_the_readme_it_is_removed(machine, _):
        expect(removal, "the README does not say how to remove it")
        for block in removal:
            machine.run(block)
        left = machine.says("ls -d /usr/bin/backlogd /var/lib/backlogd /usr/lib/systemd/system/backlogd.service "
                            "/etc/backlogd/backlogd.toml 2>/dev/null")
        expect_equal(left, "", "what is left")

    return [following_the_readme_it_is_installed_and_runs, following_the_readme_it_is_removed]
