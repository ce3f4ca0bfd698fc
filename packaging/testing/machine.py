"""A Debian 12 with a booted systemd, thrown away afterwards: systemd-nspawn on a root file system that is kept."""

import hashlib
import json
import pathlib
import shutil
import subprocess
import time

from run import HOME, Failure, run

ROOT_FS = HOME / "root"
# rpm, to install the rpm; the rest is what a Debian host has anyway.
PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates,sudo,rpm"
SUITE = "bookworm"
BOOTED = 60
ENVIRONMENT = ["/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "TERM=dumb", "LC_ALL=C.UTF-8",
               "SYSTEMD_COLORS=0", "DEBIAN_FRONTEND=noninteractive"]


def root_file_system():
    """Made once, and again only when what should be in it has changed."""
    made_of = hashlib.sha256(f"{SUITE} {PACKAGES}".encode()).hexdigest()
    stamp = HOME / "root.made-of"
    if not (ROOT_FS.is_dir() and stamp.exists() and stamp.read_text() == made_of):
        print("   making the root file system, once", flush=True)
        shutil.rmtree(ROOT_FS, ignore_errors=True)
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, ROOT_FS)
        stamp.write_text(made_of)
    return ROOT_FS


def until(what, ask, within=20.0):
    """Asks until there is an answer that is true, and returns it."""
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise Failure(f"waited {within:.0f} s in vain for {what}")
        time.sleep(0.05)


class Machine:
    """A booted machine. It shares the host's loopback; what it writes goes to memory."""

    def __init__(self, name, share):
        """Boots; the directory `share` is /packages there, for reading."""
        self.log = (HOME / f"{name}.console").open("w")
        self.process = subprocess.Popen(
            ["systemd-nspawn", "--quiet", f"--directory={root_file_system()}", "--boot", "--register=no",
             "--keep-unit", f"--machine=backlogd-{name}", "--volatile=overlay",
             f"--bind-ro={share}:/packages"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        try:
            until("the end of its boot", self._has_booted, BOOTED)
        except Failure as failure:
            self.process.kill()
            words = pathlib.Path(self.log.name).read_text()
            raise Failure(f"the machine does not boot: {failure}; its console:\n{words}") from None

    def _has_booted(self):
        if self.process.poll() is not None:
            raise Failure("systemd-nspawn has ended")
        # Its only child, but for a moment at the start.
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        if not children:
            return False
        self.leader = children[0]
        state = self.says("systemctl is-system-running")
        if state == "degraded":
            raise Failure(f"units have failed: {self.says('systemctl --failed')}")
        return state == "running"

    def __enter__(self):
        # As every host has it, but one that is made by debootstrap alone.
        self.write("/etc/hosts", f"127.0.0.1 localhost {self.says('uname --nodename')}\n::1 localhost\n")
        return self

    def __exit__(self, *_):
        self.run("systemctl poweroff --force", check=False)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def run(self, script, check=True, **options):
        """Runs a shell script as root in the machine; what it prints is the answer's `stdout`."""
        return run("nsenter", f"--target={self.leader}", "--mount", "--uts", "--ipc", "--net", "--pid",
                   "--cgroup", *ENVIRONMENT, "bash", "-euc", script, check=check, **options)

    def says(self, script):
        """What a script prints, without the last line's end; it may fail."""
        return self.run(script, check=False).stdout.rstrip("\n")

    def write(self, path, text):
        """Writes a file as an editor would: one that is there keeps its owner and mode."""
        self.run(f"mkdir -p $(dirname {path}) && cat > {path}", input=text)

    # What systemd says of the service.

    def shows(self, what):
        """A property of the unit, such as MainPID."""
        return self.says(f"systemctl show backlogd --property={what} --value")

    def is_active(self):
        return self.shows("ActiveState") == "active"

    def entries(self, *matches):
        """The service's entries in the journal, as the journal's own JSON."""
        lines = self.run(f"journalctl --sync; journalctl --unit backlogd --output json {' '.join(matches)}").stdout
        return [json.loads(line) for line in lines.splitlines() if line.startswith("{")]

    def written(self):
        """The journal of the service, as text."""
        return self.says("journalctl --sync; journalctl --unit backlogd --output cat --no-pager")
