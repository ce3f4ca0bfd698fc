import base64
import json
import unittest

import botocore.session
from botocore.validate import ParamValidator

import common

FILE = common.USER_DATA / "launch-template.json"
PLACEHOLDER = "USER_DATA"


def unknown_words(value, shape, at=""):
    """Where `value` has a word that the model's enumerations do not: botocore itself does not look."""
    if shape.type_name == "structure":
        for key, inner in value.items():
            yield from unknown_words(inner, shape.members[key], f"{at}.{key}")
    elif shape.type_name == "list":
        for index, inner in enumerate(value):
            yield from unknown_words(inner, shape.member, f"{at}[{index}]")
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{at}: {value}"


class LaunchTemplate(unittest.TestCase):
    def setUp(self):
        self.template = json.loads(FILE.read_text())
        model = botocore.session.get_session().get_service_model("ec2")
        self.shape = model.operation_model("CreateLaunchTemplate").input_shape

    def test_it_is_input_for_create_launch_template(self):
        report = ParamValidator().validate(self.template, self.shape)
        self.assertFalse(report.has_errors(), report.generate_report())
        self.assertEqual(list(unknown_words(self.template, self.shape)), [])

    def test_only_version_2_of_the_metadata_service_answers_and_only_on_the_host(self):
        options = self.template["LaunchTemplateData"]["MetadataOptions"]
        self.assertEqual(options, {"HttpTokens": "required", "HttpPutResponseHopLimit": 1})

    def test_user_data_is_filled_in_where_the_page_says(self):
        self.assertEqual(FILE.read_text().count(PLACEHOLDER), 1)
        document = (common.USER_DATA / "backlogd.yaml").read_bytes()
        filled = FILE.read_text().replace(PLACEHOLDER, base64.b64encode(document).decode())
        user_data = json.loads(filled)["LaunchTemplateData"]["UserData"]
        self.assertEqual(base64.b64decode(user_data, validate=True), document)
