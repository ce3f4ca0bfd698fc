import pathlib
import re
import sys
import unittest

import yaml

import common

FILE = common.PACKAGING / "cloudformation" / "backlogd.yaml"
# CloudFormation's limit of a template that is not fetched from S3.
TEMPLATE_BYTES = 51200
TOPIC = "arn:aws:sns:eu-central-1:210987654321:alerts.fifo"
SIGNAL = "/opt/aws/bin/cfn-signal --exit-code $? --stack image-stack --resource MonitoringGroup --region eu-west-1"
GIVEN = {
    "PackageUrl": "s3://bucket/backlogd.rpm",
    "PackageSha256": "a" * 64,
    "QueueName": "jobs.fifo",
    "GroupName": "job-workers",
    "VpcId": "vpc-1",
    "SubnetIds": ["subnet-1"],
}
PSEUDO = {
    "AWS::StackName": "image-stack",
    "AWS::Region": "eu-west-1",
    "AWS::Partition": "aws",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
    "AWS::NoValue": None,
}


class Loader(yaml.SafeLoader):
    """Reads `!Name value` as {"Name": value}."""


def _tagged(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    return {tag: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _tagged)


class Stack:
    """What CloudFormation makes of the template's functions, as far as it uses them."""

    def __init__(self, **given):
        self.template = yaml.load(FILE.read_text(), Loader)
        defaults = {name: it["Default"] for name, it in self.template["Parameters"].items() if "Default" in it}
        self.names = {**PSEUDO, **defaults, **GIVEN, **given}

    def named(self, name):
        return self.names[name] if name in self.names else f"the-{name.lower().replace('.', '-')}"

    def holds(self, condition):
        return self.value(self.template["Conditions"][condition])

    def value(self, it):
        if isinstance(it, list):
            return [inner for inner in map(self.value, it) if inner is not None]
        if not isinstance(it, dict):
            return it
        if len(it) == 1:
            (key, inner), = it.items()
            function = getattr(self, "_" + key.replace("Fn::", "").lower(), None)
            if function:
                return function(inner)
        return {key: self.value(inner) for key, inner in it.items()}

    def _ref(self, name):
        return self.named(name)

    def _getatt(self, name):
        return self.named(name)

    def _sub(self, it):
        text, local = it if isinstance(it, list) else (it, {})
        for name, inner in local.items():
            text = text.replace("${%s}" % name, str(self.value(inner)))
        while "${" in text:
            name = text.split("${", 1)[1].split("}", 1)[0]
            text = text.replace("${%s}" % name, str(self.named(name)))
        return text

    def _if(self, it):
        return self.value(it[1] if self.holds(it[0]) else it[2])

    def _equals(self, it):
        return self.value(it[0]) == self.value(it[1])

    def _not(self, it):
        return not self.value(it[0])

    def _select(self, it):
        return self.value(it[1])[it[0]]

    def _split(self, it):
        return self.value(it[1]).split(it[0])

    def _base64(self, it):
        return self.value(it)

    def resources(self):
        """The stack's resources, by name."""
        every = self.template["Resources"].items()
        return {name: self.value(it) for name, it in every if "Condition" not in it or self.holds(it["Condition"])}

    def user_data(self, template="MonitoringTemplate"):
        return self.resources()[template]["Properties"]["LaunchTemplateData"]["UserData"]

    def policies(self):
        """The monitoring host's policies, by name."""
        every = self.resources()["MonitoringRole"]["Properties"]["Policies"]
        return {it["PolicyName"]: it["PolicyDocument"] for it in every}


class CloudFormation(unittest.TestCase):
    def test_cfn_lint_has_nothing_to_say(self):
        lint = pathlib.Path(sys.executable).parent / "cfn-lint"
        code, said = common.run(str(lint), "--include-checks", "I", "--regions", "eu-west-1", "us-east-1", "--", str(FILE))
        self.assertEqual((code, said), (0, ""))

    def test_it_needs_no_bucket_of_its_own(self):
        self.assertLessEqual(FILE.stat().st_size, TEMPLATE_BYTES)

    def test_the_hosts_user_data_is_the_shipped_one_filled_in(self):
        for given in [{}, {"ExampleWorkers": "true", "Drive": "true", "TopicArn": TOPIC}]:
            text = Stack(**given).user_data()
            common.check_cloud_init(self, text)
            common.check_same_but(self, text, "backlogd.yaml", [common.PACKAGE, common.SETTINGS], [SIGNAL])
            _, files = common.document(text)
            self.assertEqual(common.assignments(files[common.PACKAGE]["content"]),
                             {"url": GIVEN["PackageUrl"], "sha256": GIVEN["PackageSha256"]})

    def test_the_workers_user_data_is_the_shipped_one_filled_in(self):
        text = Stack(ExampleWorkers="true", Work='echo "$HOME" | cat').user_data("WorkerTemplate")
        common.check_cloud_init(self, text)
        common.check_same_but(self, text, "worker.yaml", [common.WORKER_ENV])
        _, files = common.document(text)
        _, ours = common.shipped("worker.yaml")
        found = common.assignments(files[common.WORKER_ENV]["content"])
        self.assertEqual(list(found), list(common.assignments(ours[common.WORKER_ENV]["content"])))
        self.assertEqual(found["WORK"], 'echo "$HOME" | cat')

    def settings(self, **given):
        _, files = common.document(Stack(**given).user_data())
        return common.check_settings(self, files[common.SETTINGS]["content"])

    def test_the_daemon_takes_the_settings(self):
        watching = self.settings()
        for expected in ["images: ", "queue jobs.fifo", "group job-workers", "at most 300 s", "drive = false"]:
            self.assertIn(expected, watching)
        driving = self.settings(ExampleWorkers="true", Drive="true", LatencyObjectiveSecs=60, MaxInstances=7)
        for expected in ["queue the-queue-queuename", "group image-stack-workers", "at most 60 s", "between 0 and 7",
                         "drive = true", "drains = true"]:
            self.assertIn(expected, driving)

    def test_the_daemon_takes_every_scalers_name_that_the_stack_takes(self):
        rule = Stack().template["Parameters"]["ScalerName"]
        for good in ["a", "9", "a.b_c-D", "a" * rule["MaxLength"]]:
            self.assertRegex(good, rule["AllowedPattern"])
            self.assertIn(f"{good}: ", self.settings(ScalerName=good))
        for bad in ["", "-a", ".a", "a b", 'a"', "a\n", "é"]:
            self.assertIsNone(re.fullmatch(rule["AllowedPattern"], bad), bad)
        with self.assertRaisesRegex(AssertionError, "must be 1 to 64 of"):
            self.settings(ScalerName="a" * (rule["MaxLength"] + 1))

    def test_a_driving_host_may_do_what_the_daemon_needs_and_no_more(self):
        policies = Stack(Drive="true").policies()
        self.assertEqual(common.actions(policies["reading"], policies["driving"]), common.needed_actions())
        write, = [it for it in policies["driving"]["Statement"] if it["Action"] == "autoscaling:SetDesiredCapacity"]
        self.assertEqual(
            write["Resource"],
            "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:*:autoScalingGroupName/job-workers")
        read, = [it for it in policies["reading"]["Statement"] if "sqs:GetQueueUrl" in it["Action"]]
        self.assertEqual(read["Resource"], ["arn:aws:sqs:eu-west-1:123456789012:jobs.fifo"])
        put, = [it for it in policies["reading"]["Statement"] if it["Action"] == "cloudwatch:PutMetricData"]
        self.assertEqual(put["Condition"], {"StringEquals": {"cloudwatch:namespace": "Backlogd"}})

    def test_the_dead_letter_queue_may_be_read_where_one_is_named_and_the_examples_always(self):
        def read(**given):
            statement, = [it for it in Stack(**given).policies()["reading"]["Statement"] if "sqs:GetQueueUrl" in it["Action"]]
            return statement["Resource"]
        queues = "arn:aws:sqs:eu-west-1:123456789012:"
        self.assertEqual(read(DeadLetterQueueName="dead.fifo"), [queues + "jobs.fifo", queues + "dead.fifo"])
        self.assertEqual(read(ExampleWorkers="true"), [queues + "the-queue-queuename", "the-deadletters-arn"])

    def test_a_topic_is_told_of_troubles_and_may_be_where_one_is_given(self):
        self.assertIn(f"tells of troubles: {TOPIC}\n", self.settings(TopicArn=TOPIC))
        policies = Stack(TopicArn=TOPIC, Drive="true").policies()
        statement, = policies["telling"]["Statement"]
        self.assertEqual((statement["Action"], statement["Resource"]), ("sns:Publish", TOPIC))
        of_the_daemon = [policies[name] for name in ["reading", "driving", "telling"]]
        self.assertEqual(common.actions(*of_the_daemon), common.needed_actions("notifying.json"))
        self.assertNotIn("tells of troubles", self.settings())

    def test_the_daemon_takes_every_topic_that_the_stack_takes(self):
        rule = Stack().template["Parameters"]["TopicArn"]["AllowedPattern"]
        for good in [TOPIC, "arn:aws-us-gov:sns:us-gov-east-1:123456789012:a_b-C", "arn:aws-cn:sns:cn-north-1:123456789012:" + "a" * 256]:
            self.assertRegex(good, rule)
            self.assertIn(good, self.settings(TopicArn=good))
        for bad in ["alerts", TOPIC + ":0a1b", TOPIC.replace("sns", "sqs"), TOPIC.replace("eu-central-1", ""), TOPIC + '"']:
            self.assertIsNone(re.fullmatch(rule, bad), bad)
            with self.assertRaises(AssertionError):
                self.settings(TopicArn=bad)

    def test_a_watching_host_may_change_nothing(self):
        self.assertEqual(set(Stack().policies()), {"reading", "package"})

    def test_the_bucket_may_be_read_only_where_the_package_is_in_one(self):
        statement, = Stack().policies()["package"]["Statement"]
        self.assertEqual(statement["Resource"], "arn:aws:s3:::bucket/backlogd.rpm")
        self.assertNotIn("package", Stack(PackageUrl="https://example.com/x.rpm").policies())

    def test_the_workers_are_left_out_unless_asked_for(self):
        self.assertFalse([name for name in Stack().resources() if name.startswith(("Worker", "Queue", "Dead"))])
        asked = Stack(ExampleWorkers="true").resources()
        self.assertLessEqual({"Queue", "DeadLetters", "WorkerGroup", "WorkerTemplate"}, set(asked))
        self.assertNotIn("DesiredCapacity", asked["WorkerGroup"]["Properties"])
