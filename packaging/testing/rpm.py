"""Claims about the life of the rpm on a machine: rpm itself, on a Debian, so that nothing it requires is found.

What it requires is held against what Amazon Linux has in `lint`.
"""

import package
import service
from checks import expect, expect_equal
from run import run


def newer(place):
    """The package again, as the next release."""
    run("cargo", "generate-rpm", "--auto-req", "builtin", "--output", place / "newer.rpm",
        "--set-metadata", 'release = "2"', env={"SOURCE_DATE_EPOCH": str(package.source_date())})


def installing_it_works(machine, _):
    told = machine.run("rpm --install --nodeps /packages/backlogd-*.rpm").stdout.splitlines()
    # Debian's rpm says every time that it is not meant for a Debian.
    expect_equal([line for line in told if not line.startswith("rpm: ")], [], "what rpm says")
    expect_equal(machine.says("rpm --verify --nodeps backlogd 2>/dev/null"), "", "what is not as packed")


def upgraded_where_it_runs_the_new_version_runs_with_the_settings_as_edited(machine, _):
    process, settings = machine.shows("MainPID"), machine.says(f"md5sum {service.SETTINGS}")
    machine.run("rpm --upgrade --nodeps /packages/newer.rpm")
    expect(machine.is_active(), f"after the upgrade the service is {machine.shows('ActiveState')}")
    expect(machine.shows("MainPID") != process, "the old process runs on")
    expect_equal(machine.says(f"md5sum {service.SETTINGS}"), settings, "the settings")
    service.its_settings_are_for_its_group_alone(machine, None)


def upgraded_where_it_is_stopped_it_stays_stopped(machine, _):
    machine.run("systemctl stop backlogd; rpm --upgrade --nodeps --replacepkgs /packages/newer.rpm")
    expect_equal(machine.shows("ActiveState"), "inactive", "the unit's state")
    machine.run("systemctl start backlogd")


def erased_it_ends_and_leaves_edited_settings_and_state(machine, _):
    machine.run("rpm --erase backlogd")
    expect_equal(machine.says("systemctl is-active backlogd"), "inactive", "is-active")
    expect(not machine.says("pidof backlogd; ls /usr/bin/backlogd 2>/dev/null"), "the program is still there")
    expect_equal(machine.says("find /etc/systemd/system -name backlogd.service"), "", "enabled by")
    machine.run(f"test -f {service.SETTINGS}.rpmsave -a -d /var/lib/backlogd/")


BEFORE = [
    installing_it_works, service.its_user_is_a_system_user_that_cannot_log_in,
    service.it_is_neither_enabled_nor_started, service.its_settings_are_for_its_group_alone,
    service.the_catalog_is_installed,
    service.started_without_settings_it_says_what_to_do_and_is_left_alone,
]
AFTER = [
    upgraded_where_it_runs_the_new_version_runs_with_the_settings_as_edited,
    upgraded_where_it_is_stopped_it_stays_stopped, erased_it_ends_and_leaves_edited_settings_and_state,
]
