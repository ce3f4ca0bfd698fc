"""Claims about the life of the deb on a machine."""

import shutil

import service
from checks import expect, expect_equal
from run import HOME, run

KEEP = "--option Dpkg::Options::=--force-confold"


def newer(deb, place):
    """The package again, as the next revision, with other settings shipped."""
    content, path = HOME / "newer-deb", place / "newer.deb"
    shutil.rmtree(content, ignore_errors=True)
    run("dpkg-deb", "--raw-extract", deb, content)
    control, settings = content / "DEBIAN/control", content / "etc/backlogd/backlogd.toml"
    control.write_text(control.read_text().replace("-1\n", "-2\n", 1))
    settings.write_text(settings.read_text() + "# Of the next revision.\n")
    run("dpkg-deb", "--root-owner-group", "--build", content, path)


def install(machine, path, options=""):
    machine.run(f"apt-get install --yes --quiet {options} {path}")


def installing_it_works(machine, _):
    install(machine, "/packages/backlogd_*.deb")
    expect_equal(machine.says("dpkg --audit; dpkg --verify backlogd"), "", "what dpkg complains of")


def upgraded_where_it_runs_the_new_version_runs_with_the_settings_as_edited(machine, _):
    process, settings = machine.shows("MainPID"), machine.says(f"md5sum {service.SETTINGS}")
    install(machine, "/packages/newer.deb", KEEP)
    expect(machine.says("dpkg-query --show backlogd").endswith("-2"), "it is not the new version")
    expect(machine.is_active(), f"after the upgrade the service is {machine.shows('ActiveState')}")
    expect(machine.shows("MainPID") != process, "the old process runs on")
    expect_equal(machine.says(f"md5sum {service.SETTINGS}"), settings, "the settings")
    service.its_settings_are_for_its_group_alone(machine, None)
    machine.run(f"grep --quiet 'Of the next revision' {service.SETTINGS}.dpkg-dist")


def upgraded_where_it_is_stopped_it_stays_stopped(machine, _):
    machine.run("systemctl stop backlogd")
    install(machine, "/packages/newer.deb", f"--reinstall {KEEP}")
    expect_equal(machine.shows("ActiveState"), "inactive", "the unit's state")
    expect_equal(machine.says("systemctl is-enabled backlogd"), "enabled", "is-enabled")
    machine.run("systemctl start backlogd")


def removed_it_ends_and_leaves_settings_and_state(machine, _):
    machine.run("apt-get remove --yes --quiet backlogd")
    expect_equal(machine.says("systemctl is-active backlogd"), "inactive", "is-active")
    expect(not machine.says("pidof backlogd; ls /usr/bin/backlogd 2>/dev/null"), "the program is still there")
    machine.run(f"test -f {service.SETTINGS} -a -d /var/lib/backlogd/")


def purged_it_leaves_what_others_wrote_and_its_user(machine, _):
    machine.run("apt-get purge --yes --quiet backlogd")
    left = set(machine.says("find /etc/backlogd -type f").splitlines())
    expect_equal(left, {"/etc/backlogd/credentials", "/etc/backlogd/conf.d/videos.toml"}, "what is left there")
    machine.run("test ! -e /var/lib/backlogd && getent passwd backlogd")
    expect_equal(machine.says("find /etc/systemd/system -name backlogd.service"), "", "what enabled it")


BEFORE = [
    installing_it_works, service.its_user_is_a_system_user_that_cannot_log_in,
    service.it_is_neither_enabled_nor_started, service.its_settings_are_for_its_group_alone,
    service.systemd_finds_nothing_to_complain_of_in_the_unit, service.the_unit_is_hardened,
    service.the_catalog_is_installed, service.completions_load_in_bash,
    service.the_schema_that_the_settings_name_is_the_programs_own,
    service.the_settings_as_shipped_are_sound_once_uncommented,
    service.started_without_settings_it_says_what_to_do_and_is_left_alone,
]
AFTER = [
    upgraded_where_it_runs_the_new_version_runs_with_the_settings_as_edited,
    upgraded_where_it_is_stopped_it_stays_stopped, removed_it_ends_and_leaves_settings_and_state,
    purged_it_leaves_what_others_wrote_and_its_user,
]
