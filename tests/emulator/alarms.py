"""Puts the alarms and the dashboard in a directory into the CloudWatch at an address, by the API's own model of their
fields, as `aws cloudwatch … --cli-input-json` does, and prints what is there then as JSON.

    python alarms.py http://127.0.0.1:PORT packaging/cloudwatch
"""

import json
import pathlib
import sys

import boto3

address, folder = sys.argv[1], pathlib.Path(sys.argv[2])
cloudwatch = boto3.client("cloudwatch", endpoint_url=address, region_name="eu-west-1",
                          aws_access_key_id="test", aws_secret_access_key="test")
for path in sorted(folder.glob("alarm-*.json")):
    cloudwatch.put_metric_alarm(**json.loads(path.read_text()))
cloudwatch.put_dashboard(DashboardName="backlogd", DashboardBody=(folder / "dashboard.json").read_text())
there = {"alarms": cloudwatch.describe_alarms()["MetricAlarms"],
         "dashboard": cloudwatch.get_dashboard(DashboardName="backlogd")["DashboardBody"]}
print(json.dumps(there, default=str))
