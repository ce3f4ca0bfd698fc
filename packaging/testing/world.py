"""AWS as far as the service can tell: the emulator of the tests on the host's loopback, with queues and groups."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request

from run import ROOT, Failure, run

REGION = "eu-west-1"
VENV = ROOT / "target/tmp/emulator-venv"


def python():
    """The emulator's own Python: the environment that `cargo test` makes, made here if it has not been."""
    requirements = ROOT / "tests/emulator/requirements.txt"
    installed = VENV / "requirements.txt"
    if not installed.exists() or installed.read_text() != requirements.read_text():
        print("   making the emulator's Python environment, once", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        run("python3", "-m", "venv", VENV)
        run(VENV / "bin/python", "-m", "pip", "install", "--quiet", "-r", requirements)
        shutil.copy(requirements, installed)
    return VENV / "bin/python"


class World:
    """The emulator, and what is in it."""

    def __init__(self):
        self.process = subprocess.Popen([python(), ROOT / "tests/emulator/launch.py"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise Failure(f"the emulator does not start: it says {line!r}")
        self.url = line.split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(15)

    def _post(self, path, data, **headers):
        scope = f"AWS4-HMAC-SHA256 Credential=test/20260101/{REGION}/{headers.pop('service', 'sqs')}/aws4_request"
        request = urllib.request.Request(self.url + path, data.encode(), {"Authorization": scope, **headers})
        return urllib.request.urlopen(request, timeout=30).read().decode()

    def _auto_scaling(self, action, **parameters):
        return self._post("/", urllib.parse.urlencode({"Action": action, **parameters}), service="autoscaling")

    def pair(self, queue, group, visible):
        """A queue that shows so many messages, and a group of one instance that may grow to ten."""
        target = {"X-Amz-Target": "AmazonSQS.CreateQueue", "Content-Type": "application/x-amz-json-1.0"}
        self._post("/", json.dumps({"QueueName": queue}), **target)
        self.shows(queue, visible)
        self._auto_scaling("CreateLaunchConfiguration", LaunchConfigurationName=group, ImageId="ami-12c6146b",
                           InstanceType="t3.micro")
        self._auto_scaling("CreateAutoScalingGroup", **{
            "AutoScalingGroupName": group, "LaunchConfigurationName": group, "MinSize": 0, "MaxSize": 10,
            "DesiredCapacity": 1, "AvailabilityZones.member.1": f"{REGION}a"})

    def shows(self, queue, visible):
        """From now on the queue shows so many messages."""
        attributes = {"ApproximateNumberOfMessages": str(visible)}
        self._post("/emulator/queue", json.dumps({"name": queue, "attributes": attributes}))

    def delays(self, operation, match, secs):
        """The next call of that operation whose body contains `match` is answered so much later."""
        fault = {"operation": operation, "match": match, "times": 1, "kind": "delay", "seconds": secs}
        self._post("/emulator/faults", json.dumps(fault))

    def calls(self, operation, match):
        """The calls of that operation so far whose body contains `match`."""
        query = urllib.parse.urlencode({"operation": operation, "match": match})
        return json.load(urllib.request.urlopen(f"{self.url}/emulator/calls?{query}", timeout=30))

    def desired(self, group):
        answer = self._auto_scaling("DescribeAutoScalingGroups", **{"AutoScalingGroupNames.member.1": group})
        return int(answer.partition("<DesiredCapacity>")[2].partition("<")[0])

    def access(self):
        """The drop-in by which the service reaches the emulator, by name, with credentials that only root can read."""
        return ("[Service]\nLoadCredential=aws:/etc/backlogd/credentials\n"
                "Environment=AWS_SHARED_CREDENTIALS_FILE=%d/aws AWS_EC2_METADATA_DISABLED=true\n"
                f"Environment=AWS_ENDPOINT_URL={self.url.replace('127.0.0.1', 'localhost')} AWS_REGION={REGION}\n")


CREDENTIALS = "[default]\naws_access_key_id = test\naws_secret_access_key = test\n"
