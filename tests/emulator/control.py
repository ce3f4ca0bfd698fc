"""What a test tells the emulator and asks of it, under /emulator/: faults, wrong facts, the record of calls.

moto has no fault injection and shows only what its own model of AWS can produce. Here a test queues faults
(`/emulator/faults`), overrides what Describe and GetQueueAttributes say of one group or queue
(`/emulator/group`, `/emulator/queue`), makes the pages of DescribeAutoScalingGroups and DescribePolicies
smaller than asked for (`/emulator/pages`: `size` items a page where the name of a group asked for contains
`match`) and reads back every call received (`/emulator/calls`). moto publishes no metrics of SQS: a test does
(`/emulator/metric`).
A fault of kind `skew` answers as ever, dated `seconds` later (or earlier, below 0) than it is.
`match` is a substring of the decoded request body written as JSON, e.g. `/jobs"` for the queue `jobs`.
"""

import collections
import json
import threading
import time
from urllib.parse import parse_qs

import strict

KINDS = ("status", "hang", "close", "truncate", "garbage", "error", "delay", "skew")
_lock = threading.Lock()
_faults = []
_calls = collections.deque(maxlen=20000)
_queues = {}


def clear():
    """Forgets everything: done together with moto's own reset."""
    with _lock:
        for store in (_faults, _calls, _queues, strict.group_facts, strict.page_sizes):
            store.clear()


def record(call):
    """Enters the call in the record; the status is filled in when it has been answered."""
    entry = {"service": call.service, "operation": call.operation, "body": call.jsonable(), "status": None, "gzip": call.gzip,
             "access_key": call.access_key, "bytes": len(call.raw), "time": time.time()}
    with _lock:
        _calls.append(entry)
    return entry


def take_fault(call):
    """The first fault that fits the call, counted down; None when there is none."""
    with _lock:
        if not _faults:
            return None
        text = call.text()
        for fault in _faults:
            if fault["operation"] in ("", call.operation) and fault["match"] in text:
                if fault["times"] is not None:
                    fault["times"] -= 1
                    if fault["times"] <= 0:
                        _faults.remove(fault)
                return fault
    return None


def overridden(call, answer):
    """The answer to GetQueueAttributes with the attributes a test has put in place of the true ones."""
    status, headers, body = answer
    if call.operation != "GetQueueAttributes" or status != 200:
        return answer
    wanted = _queues.get(call.body.get("QueueUrl", "").rpartition("/")[2])
    if not wanted:
        return answer
    content = json.loads(body)
    attributes = {**content.get("Attributes", {}), **wanted}
    content["Attributes"] = {name: value for name, value in attributes.items() if value is not None}
    return status, headers, json.dumps(content).encode()


def serve(call):
    """Answers a request under /emulator/."""
    method, name = call.environ["REQUEST_METHOD"], call.path.removeprefix("/emulator/")
    handler = _ENDPOINTS.get((method, name))
    if not handler:
        return _json(404, {"error": f"no {method} {name}"})
    query = {key: values[0] for key, values in parse_qs(call.environ["QUERY_STRING"]).items()}
    try:
        given = {**query, **json.loads(call.raw or b"{}")}
        with _lock:
            return _json(200, handler(given))
    except (ValueError, KeyError, TypeError) as problem:
        return _json(400, {"error": repr(problem)})


def _json(status, value):
    return status, [("Content-Type", "application/json")], json.dumps(value).encode()


def _add_fault(given):
    fault = {"operation": "", "match": "", "times": None, "status": None, "code": "Throttling",
             "message": "Rate exceeded", "seconds": 0.5, **given}
    if fault["kind"] not in KINDS or fault.keys() - {"kind"} != _FAULT_FIELDS:
        raise ValueError(f"unknown kind or field in {given}")
    _faults.append(fault)
    return {}


def _remove_faults(given):
    _faults[:] = [each for each in _faults if "match" in given and each["match"] != given["match"]]
    return {}


def _list_calls(given):
    match, operation = given.get("match", ""), given.get("operation", "")
    return [each for each in _calls if operation in ("", each["operation"])
            and match in json.dumps(each["body"], ensure_ascii=False)]


def _clear_calls(_):
    _calls.clear()
    return {}


def _set_group(given):
    strict.group_facts[given["name"]] = given
    return {}


def _set_pages(given):
    if type(given["size"]) is not int or given["size"] < 1:
        raise ValueError(f"no size of a page in {given}")
    strict.page_sizes[given["match"]] = given["size"]
    return {}


def _publish(given):
    strict.publish(given["account"], given["region"], given["namespace"], given["metric"], given["dimension"],
                   given["minutes"])
    return {}


def _set_queue(given):
    _queues[given["name"]] = given.get("attributes", {})
    return {}


_FAULT_FIELDS = {"operation", "match", "times", "status", "code", "message", "seconds"}
_ENDPOINTS = {
    ("POST", "faults"): _add_fault, ("DELETE", "faults"): _remove_faults, ("GET", "calls"): _list_calls,
    ("DELETE", "calls"): _clear_calls, ("POST", "group"): _set_group, ("POST", "queue"): _set_queue,
    ("POST", "pages"): _set_pages, ("POST", "metric"): _publish,
}
