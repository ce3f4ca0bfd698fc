"""Reads OpenMetrics text from standard input with Prometheus's own parser, which refuses what is not, and prints
its samples as JSON: {"name": [[{"label": "value"}, value], ...]}."""

import collections
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

samples = collections.defaultdict(list)
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        samples[sample.name].append([sample.labels, sample.value])
print(json.dumps(samples))
