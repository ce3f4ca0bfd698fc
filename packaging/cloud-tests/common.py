"""Where things are, and what more than one test asks of them."""

import json
import os
import pathlib
import subprocess
import tempfile

import yaml

PACKAGING = pathlib.Path(__file__).resolve().parent.parent
USER_DATA = PACKAGING / "user-data"
TARGET = PACKAGING.parent / "target" / "tmp"

PACKAGE = "/run/backlogd-setup/package"
SETTINGS = "/run/backlogd-setup/backlogd.toml"
INSTALL = "/run/backlogd-setup/install"
WORKER_ENV = "/etc/worker.env"
WORKER = "/usr/local/bin/worker"

# EC2's limit, of what is there before base64.
USER_DATA_BYTES = 16384


def run(*command, **options):
    """What `command` came to: exit code and all it said."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, **options)
    return done.returncode, done.stdout


def document(text):
    """A cloud-config document, its files by path."""
    parsed = yaml.safe_load(text)
    files = {it["path"]: it for it in parsed["write_files"]}
    return parsed, files


def shipped(name):
    return document((USER_DATA / name).read_text())


def check_cloud_init(test, text):
    """Claims that cloud-init takes `text`, and EC2 its size."""
    test.assertTrue(text.startswith("#cloud-config\n"), text[:40])
    test.assertLessEqual(len(text.encode()), USER_DATA_BYTES)
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        code, said = run("cloud-init", "schema", "--config-file", file.name)
    test.assertEqual(code, 0, said)
    # The schema lets unknown keys pass; ours are these.
    test.assertEqual(set(yaml.safe_load(text)), {"write_files", "runcmd"})


def check_settings(test, settings):
    """Claims that the daemon takes `settings`, and returns what it understood."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(settings)
        file.flush()
        code, said = run(os.environ["BACKLOGD"], "check", "--config", file.name)
    test.assertEqual(code, 0, f"{said}\n{settings}")
    return said


def check_same_but(test, text, name, filled, more_commands=()):
    """Claims that `text` is the shipped document `name`, but for the contents of the files in `filled`."""
    parsed, files = document(text)
    ours, our_files = shipped(name)
    test.assertEqual(list(files), list(our_files))
    for path, file in files.items():
        expected = dict(our_files[path])
        if path in filled:
            test.assertNotEqual(file["content"], expected["content"], path)
            expected["content"] = file["content"]
        test.assertEqual(file, expected, path)
    test.assertEqual(parsed["runcmd"], ours["runcmd"] + list(more_commands))


def assignments(text):
    """The shell assignments in `text`, as a shell reads them."""
    names = [line.split("=")[0] for line in text.splitlines() if line and not line.startswith("#")]
    show = "".join(f'printf "%s\\0" "${name}"\n' for name in names)
    code, said = run("bash", "-euc", f"{text}\n{show}")
    if code:
        raise AssertionError(said)
    return dict(zip(names, said.split("\0")))


def actions(*policies):
    """All actions that `policies` allow, sorted."""
    found = set()
    for policy in policies:
        for statement in policy["Statement"]:
            allowed = statement["Action"]
            found.update([allowed] if isinstance(allowed, str) else allowed)
    return sorted(found)


def needed_actions(*more):
    """What a daemon that drives, learns and publishes needs to be allowed, and that of the documents `more`."""
    return actions(*(json.loads((PACKAGING / "iam" / name).read_text()) for name in ["driving.json", *more]))
