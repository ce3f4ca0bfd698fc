"""Claims about the service, however it was installed. Each takes the machine and the world."""

import re
import time
import urllib.error
import urllib.request

from checks import expect, expect_equal
from machine import until
from run import ROOT
from world import CREDENTIALS

SETTINGS = "/etc/backlogd/backlogd.toml"
THUMBS = "/etc/backlogd/conf.d/thumbs.toml"
DROP_IN = "/etc/systemd/system/backlogd.service.d"
# Of the exposure that `systemd-analyze security` reckons, in tenths.
EXPOSURE_MAX = 13

# Of the socket unit.
PORT = 9465
TOKEN = "0123456789abcdef0123456789abcdef"

# What the killed scaler keeps in mind for a scale-in.
WINDOW = 20
SCALER = """
[[scaler]]
name = "{queue}"
schedule = "{schedule}"
drive = true
source = [{{ queue = "{queue}" }}]
target = {{ name = "{group}" }}
policy = {{ kind = "backlog_per_instance", acceptable_backlog = 5 }}
publish = {{ namespace = "Backlogd" }}

[scaler.control]
cooldown_out_secs = 600
cooldown_in_secs = 0
stabilization_secs = {window}
wake_samples = 1
"""


def its_user_is_a_system_user_that_cannot_log_in(machine, _):
    name, _, number, _, _, _, shell = machine.says("getent passwd backlogd").split(":")
    expect(int(number) < 1000 and shell.endswith("nologin"), f"{name} has number {number} and shell {shell}")


def it_is_neither_enabled_nor_started(machine, _):
    expect_equal(machine.says("systemctl is-enabled backlogd"), "disabled", "is-enabled")
    expect_equal(machine.says("systemctl is-active backlogd"), "inactive", "is-active")


def its_settings_are_for_its_group_alone(machine, _):
    expect_equal(machine.says(f"stat --format='%a %U %G' {SETTINGS}"), "640 root backlogd", "mode and owners")
    # Where a file has the mode of whoever's umask.
    expect_equal(machine.says("stat --format='%a %U %G' /etc/backlogd/conf.d"), "750 root backlogd", "those of conf.d")


def systemd_finds_nothing_to_complain_of_in_the_unit(machine, _):
    # There is no man(1) in the machine; the pages are checked elsewhere.
    expect_equal(machine.says("systemd-analyze verify --man=no backlogd.service"), "", "systemd-analyze verify")


def the_unit_is_hardened(machine, _):
    done = machine.run(f"systemd-analyze security --no-pager --threshold={EXPOSURE_MAX} backlogd.service", check=False)
    expect(not done.returncode, done.stdout)


def started_without_settings_it_says_what_to_do_and_is_left_alone(machine, _):
    done = machine.run("systemctl enable --now backlogd", check=False)
    expect(done.returncode, "it started without a scaler")
    expect_equal(machine.shows("Result"), "exit-code", "the unit's result")
    expect_equal(machine.shows("ExecMainStatus"), "78", "the exit code")
    # And not activating (auto-restart).
    expect_equal(machine.shows("SubState"), "failed", "the unit's state")
    status = machine.says("journalctl --sync; systemctl status --no-pager backlogd")
    for words in ("there is no [[scaler]]", "here or in conf.d/*.toml"):
        expect(words in status, f"systemctl status does not say {words!r}:\n{status}")
    machine.run("systemctl disable backlogd; systemctl reset-failed backlogd")


def the_settings_as_shipped_are_sound_once_uncommented(machine, _):
    shipped = (ROOT / "packaging/backlogd.toml").read_text()
    machine.write("/tmp/uncommented.toml", re.sub(r"^#(?![ :])", "", shipped, flags=re.MULTILINE))
    told = machine.run("backlogd check --config /tmp/uncommented.toml").stdout
    expect("images: every 10 seconds, in eu-west-1" in told, told)


def scaler(queue, group, schedule="* * * * * *", window=600):
    """Settings of a scaler that changes sizes at once, and then not for ten minutes; by default every second."""
    return SCALER.format(queue=queue, group=group, schedule=schedule, window=window)


def provide(machine, world):
    """Writes settings for two scalers, and the way to the emulator."""
    world.pair("images", "image-workers", 5)
    world.pair("videos", "video-workers", 5)
    machine.write("/etc/backlogd/credentials", CREDENTIALS)
    machine.run("chmod 600 /etc/backlogd/credentials")
    # What is not worth a line of the log is wanted here too: the reasons of ticks that change nothing.
    words = "Environment=BACKLOGD_LOG=info,backlogd::publish::journal=debug\nRestartSec=100ms\n"
    machine.write(f"{DROP_IN}/test.conf", world.access() + words)
    machine.write(SETTINGS, scaler("images", "image-workers"))
    # A call may take nine tenths of the time between two ticks, in two attempts; here one may be a second late.
    videos = scaler("videos", "video-workers", "*/2 * * * * *", WINDOW)
    machine.write("/etc/backlogd/conf.d/videos.toml", videos)
    machine.run("systemctl daemon-reload")


def enabled_it_is_active_only_after_the_first_ticks(machine, world):
    provide(machine, world)
    world.delays("GetQueueAttributes", "/videos", 0.5)
    machine.run("systemctl enable --now backlogd")
    expect_equal(machine.shows("ActiveState"), "active", "the unit's state")
    status = [call["status"] for call in world.calls("GetQueueAttributes", "/videos")]
    expect(status and status[0] == 200, f"active before the slow queue had answered: {status}")
    expect(machine.shows("StatusText").startswith("2 scalers, 0 with missing readings"), machine.shows("StatusText"))


def its_metric_arrives(_, world):
    until("the metric", lambda: world.calls("PutMetricData", '"BacklogPerInstance"'))


def the_process_has_no_rights_to_speak_of(machine, _):
    facts = machine.says(f"cat /proc/{machine.shows('MainPID')}/status")
    facts = dict(line.split(":\t", 1) for line in facts.splitlines() if ":\t" in line)
    number = machine.says("id --user backlogd")
    expect_equal(facts["Uid"].split(), [number] * 4, "its user")
    expect_equal(int(facts["CapBnd"], 16), 0, "the capabilities it could ever have")
    expect_equal((facts["NoNewPrivs"], facts["Seccomp"]), ("1", "2"), "no new privileges, system calls filtered")
    expect_equal(machine.shows("MemoryMax"), str(256 << 20), "its memory limit")


def the_journal_holds_its_figures_as_native_fields(machine, world):
    world.shows("images", 10)
    entry = until("the journal's entry of a scale-out", lambda: machine.entries("ACTION=scale_out"))[0]
    told = {name: entry.get(name) for name in ("SCALER", "BACKLOG", "DESIRED", "TO", "OUTCOME")}
    wanted = {"SCALER": "images", "BACKLOG": "10", "DESIRED": "1", "TO": "2", "OUTCOME": "done"}
    expect_equal({name: told[name] and told[name].removesuffix(".0") for name in told}, wanted, "its fields")
    expect_equal(entry["_SYSTEMD_UNIT"], "backlogd.service", "the unit of the entry")


def restarted_after(machine, action):
    """Does something that ends the daemon, and waits until systemd has started another."""
    before, process = int(machine.shows("NRestarts")), machine.shows("MainPID")
    action(process)
    until("a restart", lambda: int(machine.shows("NRestarts")) > before, 30)
    until("the service to be active again", machine.is_active)
    expect(machine.shows("MainPID") != process, "it is still the same process")


def stopped_in_its_tracks_it_is_started_again_by_the_watchdog(machine, _):
    machine.write(f"{DROP_IN}/watchdog.conf", "[Service]\nWatchdogSec=2\n")
    machine.run("systemctl daemon-reload; systemctl restart backlogd")
    restarted_after(machine, lambda process: machine.run(f"kill -STOP {process}"))
    told = machine.says("journalctl --sync; journalctl _PID=1 --unit backlogd --output cat --no-pager")
    expect("Watchdog timeout" in told, f"systemd does not speak of the watchdog:\n{told}")
    machine.run(f"rm {DROP_IN}/watchdog.conf; systemctl daemon-reload; systemctl restart backlogd")


def reasons_since_restart(machine, name):
    """The reasons of each tick of the running process."""
    entries = machine.entries(f"_PID={machine.shows('MainPID')}", f"SCALER={name}")
    return [entry["REASONS"] for entry in entries if "REASONS" in entry]


def killed_in_the_middle_of_a_scale_out_it_keeps_to_the_cooldown(machine, world):
    world.delays("SetDesiredCapacity", "video-workers", 1)
    world.shows("videos", 20)
    until("the scale-out to be asked for", lambda: world.calls("SetDesiredCapacity", "video-workers"))
    restarted_after(machine, lambda process: machine.run(f"kill -KILL {process}"))
    restarted = int(machine.shows("ExecMainStartTimestampMonotonic")) / 1e6
    until("the scale-out that was on its way", lambda: world.desired("video-workers") == 4)
    world.shows("videos", 100)
    until("three ticks that wait for the cooldown", lambda: len(
        [reasons for reasons in reasons_since_restart(machine, "videos") if "cooldown_out" in reasons]) >= 3)
    # Of what the killed process asked for, the new one must know without asking again.
    start = time.time() - float(machine.says("cat /proc/uptime").split()[0]) + restarted
    again = [call for call in world.calls("SetDesiredCapacity", "video-workers") if call["time"] > start]
    expect_equal(again, [], "scale-outs asked for after the kill")


def and_to_the_peak_of_its_stabilization_window(machine, world):
    first = int(machine.entries("SCALER=videos")[0]["__REALTIME_TIMESTAMP"]) / 1e6
    until("the window to be full", lambda: time.time() > first + WINDOW + 2, WINDOW + 5)
    restarted_after(machine, lambda process: machine.run(f"kill -KILL {process}"))
    world.shows("videos", 5)
    # A daemon that has forgotten its window would say that it has not watched for long enough.
    until("a tick that keeps to the peak", lambda: any(
        "stabilization" in reasons.split(",") for reasons in reasons_since_restart(machine, "videos")), WINDOW / 2)
    expect_equal(world.desired("video-workers"), 4, "the group's desired capacity")


def of_others(machine, process, since):
    """What neither the daemon nor systemd says after so many entries: a reload's check."""
    return [entry["MESSAGE"] for entry in machine.entries()[since:] if entry["_PID"] not in (process, "1")]


def a_reload_takes_up_a_new_scaler_without_a_restart(machine, world):
    process, before = machine.shows("MainPID"), len(machine.entries())
    world.pair("thumbs", "thumb-workers", 5)
    machine.write(THUMBS, scaler("thumbs", "thumb-workers"))
    machine.run("systemctl reload backlogd")
    until("the new scaler's first look", lambda: world.calls("GetQueueAttributes", "/thumbs"))
    until("the end of the reload", lambda: machine.shows("SubState") == "running")
    expect_equal(machine.shows("MainPID"), process, "the process")
    until("3 scalers in the status", lambda: machine.shows("StatusText").startswith("3 scalers"))
    expect("settings reloaded" in machine.written(), "the journal does not tell of it")
    expect_equal(of_others(machine, process, before), [], "what the check of sound settings says")


def a_reload_of_broken_settings_fails_and_the_old_ones_stay_in_force(machine, world):
    process, before = machine.shows("MainPID"), len(machine.entries())
    machine.write(THUMBS, scaler("thumbs", "thumb-workers").replace("drive =", "drives ="))
    done = machine.run("systemctl reload backlogd", check=False)
    expect(done.returncode, "the reload is said to have succeeded")
    until("the status to tell of it", lambda: "refused" in machine.shows("StatusText"))
    told = machine.written()
    for words in (f"{THUMBS}:5:1", "did you mean `drive`?", "the old ones stay in force"):
        expect(words in told, f"the journal does not say {words!r}")
    checked = "\n".join(of_others(machine, process, before))
    expect("did you mean `drive`?" in checked, f"the check does not tell of the mistake:\n{checked}")
    looks = len(world.calls("GetQueueAttributes", "/thumbs"))
    until("another look of the scaler", lambda: len(world.calls("GetQueueAttributes", "/thumbs")) > looks)
    expect_equal((machine.shows("MainPID"), machine.shows("SubState")), (process, "running"), "the process")
    machine.run(f"rm {THUMBS}; systemctl reload backlogd")
    until("the status to be as before", lambda: machine.shows("StatusText").startswith("2 scalers"))


def settings_named_in_a_drop_in_are_those_that_a_reload_checks(machine, _):
    elsewhere, drop_in = "/etc/images/backlogd.toml", f"{DROP_IN}/elsewhere.conf"
    machine.write(elsewhere, scaler("images", "image-workers"))
    machine.write(drop_in, f"[Service]\nEnvironment=BACKLOGD_CONFIG={elsewhere}\n")
    machine.run("systemctl daemon-reload; systemctl restart backlogd")
    until("the status to be that of the one scaler there", lambda: machine.shows("StatusText").startswith("images: "))
    machine.write(elsewhere, scaler("images", "image-workers").replace("drive =", "drives ="))
    done = machine.run("systemctl reload backlogd", check=False)
    expect(done.returncode, "the reload is said to have succeeded")
    machine.run(f"rm -r {drop_in} /etc/images; systemctl daemon-reload; systemctl restart backlogd")


def asked(path, token=None):
    """The status of the answer to a request at the socket unit's port, which is the host's as well."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        return urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{PORT}{path}", headers=headers), timeout=30).status
    except urllib.error.HTTPError as refused:
        return refused.code


def a_connection_to_a_socket_unit_starts_it_and_a_credential_is_its_token(machine, _):
    before, drop_in, unit = machine.says(f"cat {SETTINGS}"), f"{DROP_IN}/token.conf", "/etc/systemd/system/backlogd.socket"
    machine.write("/etc/backlogd/token", TOKEN)
    machine.run("chmod 600 /etc/backlogd/token")
    machine.write(drop_in, "[Service]\nLoadCredential=token:/etc/backlogd/token\n")
    machine.write(unit, f"[Socket]\nListenStream=127.0.0.1:{PORT}\n")
    listen = 'listen = "systemd"\nlisten_token_file = "/run/credentials/backlogd.service/token"\n'
    machine.write(SETTINGS, f"[daemon]\n{listen}{before}\n")
    machine.run("systemctl daemon-reload; systemctl stop backlogd; systemctl start backlogd.socket")
    expect_equal(machine.shows("ActiveState"), "inactive", "the service before anybody asks")
    expect_equal(asked("/healthz"), 200, "the answer to whoever woke it")
    until("the service to be active", machine.is_active)
    expect_equal((asked("/status.json"), asked("/status.json", TOKEN)), (401, 200), "without and with the token")
    told = machine.run(f"backlogd status --listen 127.0.0.1:{PORT}").stdout
    expect("\nimages " in told, told)
    machine.write(SETTINGS, f"{before}\n")
    machine.run(f"systemctl stop backlogd.socket; rm {unit} {drop_in} /etc/backlogd/token; systemctl daemon-reload; systemctl restart backlogd")


def journalctl_x_explains_what_happened(machine, _):
    catalog = (ROOT / "systemd/backlogd.catalog").read_text()
    subjects = dict(re.findall(r"^-- ([0-9a-f]{32})\nSubject: (.*)$", catalog, re.MULTILINE))
    # systemd's own entries about the unit have messages of systemd's own.
    entries = [entry for entry in machine.entries("_COMM=backlogd") if "MESSAGE_ID" in entry]
    expect(entries, "no entry of the daemon has a MESSAGE_ID")
    for entry in {entry["MESSAGE_ID"]: entry for entry in entries}.values():
        name = entry["MESSAGE_ID"]
        expect(name in subjects, f"the catalog does not explain {name}: {entry['MESSAGE']}")
        subject = re.sub(r"@(\w+)@", lambda field: entry.get(field[1], field[0]), subjects[name])
        told = machine.says(f"journalctl --catalog --no-pager --unit backlogd MESSAGE_ID={name}")
        expect(f"Subject: {subject}" in told, f"journalctl --catalog does not say {subject!r}:\n{told}")


def the_catalog_is_installed(machine, _):
    catalog = (ROOT / "systemd/backlogd.catalog").read_text()
    known = machine.says("journalctl --list-catalog --no-pager")
    for name in re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.MULTILINE):
        expect(name in known, f"journald does not know the message {name}")


def the_schema_that_the_settings_name_is_the_programs_own(machine, _):
    machine.run("""
        schema=$(sed -n 's/^#:schema //p' /etc/backlogd/backlogd.toml)
        backlogd schema | cmp - "$schema"
    """)


def completions_load_in_bash(machine, _):
    machine.run("source /usr/share/bash-completion/completions/backlogd; complete -p backlogd")




# From enabling it on, in this order.
LIFE = [
    enabled_it_is_active_only_after_the_first_ticks, its_metric_arrives, the_process_has_no_rights_to_speak_of,
    the_journal_holds_its_figures_as_native_fields,
    stopped_in_its_tracks_it_is_started_again_by_the_watchdog,
    killed_in_the_middle_of_a_scale_out_it_keeps_to_the_cooldown,
    and_to_the_peak_of_its_stabilization_window, a_reload_takes_up_a_new_scaler_without_a_restart,
    a_reload_of_broken_settings_fails_and_the_old_ones_stay_in_force,
    settings_named_in_a_drop_in_are_those_that_a_reload_checks,
    a_connection_to_a_socket_unit_starts_it_and_a_credential_is_its_token, journalctl_x_explains_what_happened,
]
CORE = [
    enabled_it_is_active_only_after_the_first_ticks, its_metric_arrives, the_process_has_no_rights_to_speak_of,
    the_journal_holds_its_figures_as_native_fields, killed_in_the_middle_of_a_scale_out_it_keeps_to_the_cooldown,
    journalctl_x_explains_what_happened,
]
