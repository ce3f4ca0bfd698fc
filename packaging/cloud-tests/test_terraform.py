import json
import os
import shutil
import sys
import unittest

import common

PROVIDER = """
provider "aws" {
  region                      = "REGION"
  access_key                  = "test"
  secret_key                  = "test"
  skip_credentials_validation = true
  skip_requesting_account_id  = true
  skip_metadata_api_check     = true
}
"""
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:"
GROUP = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:0a1b2c3d:autoScalingGroupName/"
TOPIC = "arn:aws:sns:eu-central-1:210987654321:alerts"
GIVEN = {
    "package_url": "s3://bucket/backlogd.rpm",
    "package_sha256": "a" * 64,
    "vpc_id": "vpc-1",
    "subnet_ids": ["subnet-1"],
    "scalers": {
        "images": {"queue_arn": QUEUE + "images", "group_arn": GROUP + "image-workers",
                   "latency_objective_secs": 60, "drive": True, "drains": True, "max_instances": 7},
        "videos": {"queue_arn": QUEUE + "videos.fifo", "group_arn": GROUP + "video workers",
                   "latency_objective_secs": 3600},
    },
}


def not_run(why):
    print(f"\nterraform: not validated here: {why}", file=sys.stderr)
    raise unittest.SkipTest(why)


def environment():
    """What terraform is run with, where there is one."""
    if not shutil.which("terraform"):
        not_run("there is no terraform on this machine")
    env = {**os.environ, "AWS_EC2_METADATA_DISABLED": "true", "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    # One that is not there would only be complained of.
    if not os.path.exists(env.get("TF_CLI_CONFIG_FILE", "/")):
        del env["TF_CLI_CONFIG_FILE"]
    return env


class Text(unittest.TestCase):
    """What the files say, which needs no Terraform."""

    def test_no_partition_is_taken_for_granted(self):
        for file in sorted((common.PACKAGING / "terraform").rglob("*.tf")):
            for line in file.read_text().splitlines():
                self.assertNotRegex(line, r"arn:aws|amazonaws\.", file)


class Format(unittest.TestCase):
    def test_it_is_terraforms_own(self):
        files = str(common.PACKAGING / "terraform")
        code, said = common.run("terraform", "fmt", "-check", "-diff", "-recursive", files, env=environment())
        self.assertEqual(code, 0, said)


class Terraform(unittest.TestCase):
    """The module and its example, in a copy: Terraform writes beside what it reads."""

    @classmethod
    def setUpClass(cls):
        cls.env = environment()
        copy = common.TARGET / "cloud-terraform"
        shutil.rmtree(copy, ignore_errors=True)
        for name in ["terraform", "user-data"]:
            shutil.copytree(common.PACKAGING / name, copy / name)
        cls.module, cls.example = copy / "terraform", copy / "terraform" / "examples" / "workers"
        cls.module.joinpath("terraform.tfvars.json").write_text(json.dumps(GIVEN))
        cls.in_region("eu-west-1")
        for directory in [cls.module, cls.example]:
            code, said = cls.terraform(directory, "init", "-input=false")
            if "could not connect to" in " ".join(said.split()):
                not_run("its provider cannot be fetched")
            if code:
                raise AssertionError(said)
        cls.planned = cls.plan()

    @classmethod
    def in_region(cls, name):
        cls.module.joinpath("provider.tf").write_text(PROVIDER.replace("REGION", name))

    @classmethod
    def terraform(cls, directory, command, *options):
        return common.run("terraform", command, "-no-color", *options, cwd=directory, env=cls.env)

    @classmethod
    def plan(cls, **given):
        """What Terraform would make: the resources by address, and the outputs."""
        cls.module.joinpath("terraform.tfvars.json").write_text(json.dumps({**GIVEN, **given}))
        code, said = cls.terraform(cls.module, "plan", "-input=false", "-out=plan")
        if code:
            raise AssertionError(said)
        code, said = cls.terraform(cls.module, "show", "-json", "plan")
        planned = json.loads(said)["planned_values"]
        return {it["address"]: it["values"] for it in planned["root_module"]["resources"]}, planned["outputs"]

    def policy(self, name, planned=None):
        return json.loads((planned or self.planned)[0][f"aws_iam_role_policy.{name}"]["policy"])

    def test_the_example_is_valid(self):
        code, said = self.terraform(self.example, "validate")
        self.assertEqual(code, 0, said)

    def test_the_hosts_user_data_is_the_shipped_one_filled_in(self):
        text = self.planned[1]["user_data"]["value"]
        common.check_cloud_init(self, text)
        common.check_same_but(self, text, "backlogd.yaml", [common.PACKAGE, common.SETTINGS])
        _, files = common.document(text)
        self.assertEqual(common.assignments(files[common.PACKAGE]["content"]),
                         {"url": GIVEN["package_url"], "sha256": GIVEN["package_sha256"]})

    def test_the_daemon_takes_the_settings(self):
        _, files = common.document(self.planned[1]["user_data"]["value"])
        said = common.check_settings(self, files[common.SETTINGS]["content"])
        for expected in ["images: ", "videos: ", "at most 60 s", "at most 3600 s", "between 0 and 7",
                         "drive = true", "drive = false", "video workers"]:
            self.assertIn(expected, said)

    def test_a_driving_host_may_do_what_the_daemon_needs_and_no_more(self):
        reading, driving = self.policy("reading"), self.policy("driving[0]")
        self.assertEqual(common.actions(reading, driving), common.needed_actions())
        self.assertEqual(driving["Statement"][0]["Resource"], [GROUP + "image-workers"])
        self.assertEqual(reading["Statement"][0]["Resource"], [QUEUE + "images", QUEUE + "videos.fifo"])

    def test_dead_letter_queues_may_be_read_and_a_topic_told_where_they_are_given(self):
        scalers = {name: {**it, "dead_letter_queue_arn": QUEUE + "dead"} for name, it in GIVEN["scalers"].items()}
        planned = self.plan(scalers=scalers, topic_arn=TOPIC)
        reading, driving = self.policy("reading", planned), self.policy("driving[0]", planned)
        self.assertEqual(common.actions(reading, driving), common.needed_actions("notifying.json"))
        self.assertEqual(reading["Statement"][0]["Resource"], [QUEUE + "images", QUEUE + "dead", QUEUE + "videos.fifo"])
        self.assertEqual(reading["Statement"][-1], {"Effect": "Allow", "Action": "sns:Publish", "Resource": TOPIC})
        text = planned[1]["user_data"]["value"]
        common.check_cloud_init(self, text)
        _, files = common.document(text)
        self.assertIn(f"tells of troubles: {TOPIC}\n", common.check_settings(self, files[common.SETTINGS]["content"]))

    def test_in_china_its_names_are_those_of_china(self):
        scaler = {name: arn.replace("arn:aws:", "arn:aws-cn:").replace("eu-west-1", "cn-north-1") if "arn" in name else arn
                  for name, arn in GIVEN["scalers"]["videos"].items()}
        self.in_region("cn-north-1")
        self.addCleanup(self.in_region, "eu-west-1")
        planned = self.plan(scalers={"videos": scaler})
        trust = json.loads(planned[0]["aws_iam_role.host"]["assume_role_policy"])
        self.assertEqual(trust["Statement"][0]["Principal"], {"Service": "ec2.amazonaws.com.cn"})
        self.assertEqual(self.policy("package[0]", planned)["Statement"][0]["Resource"], "arn:aws-cn:s3:::bucket/backlogd.rpm")
        sessions = planned[0]["aws_iam_role_policy_attachment.sessions[0]"]
        self.assertEqual(sessions["policy_arn"], "arn:aws-cn:iam::aws:policy/AmazonSSMManagedInstanceCore")

    def test_a_watching_host_may_change_nothing_and_needs_no_bucket(self):
        watching = {"videos": GIVEN["scalers"]["videos"]}
        resources, _ = self.plan(scalers=watching, package_url="https://example.com/backlogd.rpm")
        policies = [address for address in resources if address.startswith("aws_iam_role_policy.")]
        self.assertEqual(policies, ["aws_iam_role_policy.reading"])
