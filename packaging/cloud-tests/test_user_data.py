import hashlib
import json
import os
import pathlib
import tempfile
import unittest

import common

CONTENT = b"a package"
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Documents(unittest.TestCase):
    def test_cloud_init_takes_them(self):
        for name in ["backlogd.yaml", "worker.yaml"]:
            with self.subTest(name):
                common.check_cloud_init(self, (common.USER_DATA / name).read_text())

    def test_the_daemon_takes_the_settings(self):
        _, files = common.shipped("backlogd.yaml")
        said = common.check_settings(self, files[common.SETTINGS]["content"])
        self.assertIn("drive = false", said)

    def test_the_settings_are_for_the_daemon_only(self):
        _, files = common.shipped("backlogd.yaml")
        self.assertEqual(files[common.SETTINGS]["permissions"], "0640")

    def test_the_scripts_survive_the_templates_as_they_are(self):
        # `${` would be replaced by CloudFormation.
        for name, path in [("backlogd.yaml", common.INSTALL), ("worker.yaml", common.WORKER)]:
            _, files = common.shipped(name)
            self.assertNotIn("${", files[path]["content"])


class Stage:
    """A directory with a script, and commands that only note how they were called."""

    def __init__(self, test):
        directory = tempfile.TemporaryDirectory()
        test.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)
        self.bin = self.root / "bin"
        self.bin.mkdir()
        # Of the real ones only those that change nothing.
        for name in ["bash", "cat", "cut", "dirname", "sha256sum", "sh", "timeout", "tr"]:
            self.bin.joinpath(name).symlink_to(f"/usr/bin/{name}")

    def command(self, name, body="true"):
        file = self.bin / name
        file.write_text(f'#!/bin/bash\necho "{name} $*" >> "{self.root}/calls"\n{body}\n')
        file.chmod(0o755)

    def play(self, script, **env):
        file = self.root / "script"
        file.write_text(script)
        said = common.run("/usr/bin/timeout", "60", "/bin/bash", str(file), env={"PATH": str(self.bin), **env})
        calls = self.root / "calls"
        return *said, calls.read_text().splitlines() if calls.exists() else []


class Install(unittest.TestCase):
    def setUp(self):
        _, files = common.shipped("backlogd.yaml")
        self.script = files[common.INSTALL]["content"]
        self.stage = Stage(self)
        for name in ["sleep", "rpm", "install", "systemctl", "backlogd", "journalctl"]:
            self.stage.command(name)
        self.serve()

    def serve(self, failures=0):
        """Has curl and aws fail `failures` times before they fetch the package."""
        count = self.stage.root / "tries"
        fetch = f'echo >> {count}; n=0; while read -r _; do n=$((n + 1)); done < {count}; [ $n -gt {failures} ] || exit 22'
        self.stage.command("curl", fetch + '; while [ "$1" != --output ]; do shift; done; printf "a package" > "$2"')
        self.stage.command("aws", fetch + '; while [ $# -gt 1 ]; do shift; done; printf "a package" > "$1"')

    def play(self, url="https://example.com/x.rpm?signature=secret", sha256=SHA256):
        self.stage.root.joinpath("package").write_text(f"url='{url}'\nsha256='{sha256}'\n")
        return self.stage.play(self.script)

    def names(self, calls):
        return [call.split()[0] for call in calls]

    def test_it_fetches_installs_checks_writes_and_starts_in_this_order(self):
        code, said, calls = self.play()
        self.assertEqual(code, 0, said)
        self.assertEqual(self.names(calls), ["curl", "rpm", "backlogd", "install", "systemctl"])
        self.assertIn("-o root -g backlogd -m 0640", calls[3])
        self.assertEqual(calls[4], "systemctl enable --now backlogd")

    def test_a_package_may_come_from_a_bucket(self):
        code, said, calls = self.play(url="s3://bucket/x.rpm", sha256=SHA256.upper())
        self.assertEqual(code, 0, said)
        self.assertIn("s3 cp --only-show-errors s3://bucket/x.rpm", calls[0])

    def test_on_debian_no_question_about_a_file_stops_it(self):
        for name in ["dpkg", "apt-get"]:
            self.stage.command(name)
        code, said, calls = self.play(url="https://example.com/x.deb")
        self.assertEqual(code, 0, said)
        self.assertRegex(calls[1], "^apt-get --yes .*--force-confold install .*/backlogd.deb$")
        self.assertNotIn("rpm", self.names(calls))

    def test_where_the_aws_cli_can_be_installed_it_is(self):
        self.stage.bin.joinpath("aws").rename(self.stage.root / "aws")
        self.stage.command("dpkg")
        self.stage.command("apt-get", f'[[ $* != *awscli* ]] || ln -s {self.stage.root}/aws {self.stage.bin}/aws')
        self.stage.bin.joinpath("ln").symlink_to("/usr/bin/ln")
        code, said, calls = self.play(url="s3://bucket/x.deb")
        self.assertEqual(code, 0, said)
        self.assertEqual(self.names(calls)[:3], ["apt-get", "aws", "apt-get"])

    def test_where_there_is_none_it_says_where_there_is(self):
        self.stage.bin.joinpath("aws").unlink()
        self.stage.command("dpkg")
        self.stage.command("apt-get", "exit 100")
        code, said, calls = self.play(url="s3://bucket/x.deb")
        self.assertEqual(code, 1)
        self.assertIn("FAILED: fetching s3://bucket/x.deb needs the AWS CLI: Amazon Linux 2023 has it, "
                      "Debian 12 and Ubuntu 22.04 can install it; elsewhere take https://", said)
        self.assertEqual(set(self.names(calls)), {"apt-get"})

    def test_a_package_with_another_checksum_is_not_installed(self):
        code, said, calls = self.play(sha256="0" * 64)
        self.assertEqual(code, 1)
        self.assertIn(f"FAILED: https://example.com/x.rpm has the SHA-256 {SHA256}, not {'0' * 64}", said)
        self.assertEqual(self.names(calls), ["curl"])

    def test_a_download_that_fails_is_tried_again(self):
        self.serve(failures=3)
        code, said, calls = self.play()
        self.assertEqual(code, 0, said)
        self.assertEqual(calls[:8:2], [calls[0]] * 4)
        self.assertEqual(calls[1:6:2], ["sleep 2", "sleep 5", "sleep 10"])

    def test_a_download_that_goes_on_failing_is_given_up_and_its_signature_not_shown(self):
        self.serve(failures=99)
        code, said, calls = self.play()
        self.assertEqual(code, 1)
        self.assertIn("FAILED: cannot fetch https://example.com/x.rpm\n", said)
        self.assertNotIn("secret", said)
        self.assertEqual(self.names(calls).count("curl"), 7)
        self.assertNotIn("rpm", self.names(calls))

    def test_other_addresses_are_refused(self):
        code, said, calls = self.play(url="http://example.com/x.rpm")
        self.assertEqual((code, calls), (1, []))
        self.assertIn("FAILED: url must begin with https:// or s3://", said)

    def test_unsound_settings_start_nothing(self):
        self.stage.command("backlogd", "exit 78")
        code, said, calls = self.play()
        self.assertEqual(code, 1)
        self.assertIn("FAILED: the settings are not sound", said)
        self.assertNotIn("systemctl", self.names(calls))

    def test_a_daemon_that_does_not_start_shows_its_journal(self):
        self.stage.command("systemctl", "exit 1")
        code, said, calls = self.play()
        self.assertEqual((code, self.names(calls)[-1]), (1, "journalctl"))
        self.assertIn("FAILED: the daemon does not start", said)


class Worker(unittest.TestCase):
    ENV = {"QUEUE_URL": "Q", "GROUP": "G", "VISIBILITY_SECS": "60"}

    def setUp(self):
        _, files = common.shipped("worker.yaml")
        self.script = files[common.WORKER]["content"]
        self.stage = Stage(self)
        self.stage.bin.joinpath("python3").symlink_to(os.path.realpath("/usr/bin/python3"))
        self.stage.command("sleep")
        self.stage.command("curl", "echo i-1")

    def play(self, protection=0, work="cat"):
        """A message, then an empty queue, then the end."""
        message = json.dumps({"Messages": [{"Body": "two\nlines", "ReceiptHandle": "R"}]})
        self.stage.root.joinpath("message").write_text(message)
        times = self.stage.root / "times"
        self.stage.command("aws", f"""
            case $2 in
            receive-message)
                echo >> {times}
                n=0; while read -r _; do n=$((n + 1)); done < {times}
                case $n in 1) cat {self.stage.root}/message ;; 2) ;; *) kill $PPID ;; esac ;;
            set-instance-protection) [[ $* != *--protected* ]] || exit {protection} ;;
            esac""")
        _, said, calls = self.stage.play(self.script, WORK=work, **self.ENV)
        asked = [call.split() for call in calls if call.startswith("aws")]
        return said, [(words[2], words[-1]) for words in asked]

    def test_it_is_protected_while_it_works_and_only_then(self):
        said, calls = self.play()
        self.assertIn("two\nlines", said)
        self.assertEqual(calls[:6], [
            ("set-instance-protection", "--no-protected-from-scale-in"),
            ("receive-message", "json"),
            ("set-instance-protection", "--protected-from-scale-in"),
            ("delete-message", "R"),
            ("set-instance-protection", "--no-protected-from-scale-in"),
            ("receive-message", "json"),
        ])

    def test_a_message_whose_work_fails_is_not_deleted(self):
        _, calls = self.play(work="exit 1")
        self.assertNotIn("delete-message", [name for name, _ in calls])

    def test_without_protection_it_gives_the_message_back(self):
        said, calls = self.play(protection=1)
        self.assertNotIn("two", said)
        self.assertIn(("change-message-visibility", "0"), calls)
        self.assertNotIn("delete-message", [name for name, _ in calls])
