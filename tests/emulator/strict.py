"""The rules of Auto Scaling and CloudWatch that moto leaves out.

moto takes any desired capacity, ignores HonorCooldown and suspended processes, counts weighted capacity
roughly, knows no instance refresh, shows every instance InService at once, dies with a 500 on a missing
group, makes no alarms for a target-tracking policy, and lets PutMetricData exceed every limit. Here its
classes are subclassed and put in the place of the originals. Codes and texts are those AWS has been seen to
answer, as far as they are known; tests should rely on the codes.

moto also fills every page of a Describe. AWS documents that a page may hold fewer items than MaxRecords while
more exist, and a test can have that (`page_sizes`).
"""

import copy
import functools
import json
import math
import threading
import time
import uuid

from moto.autoscaling import models, urls
from moto.autoscaling.exceptions import AutoscalingClientError, ValidationError
from moto.autoscaling.responses import AutoScalingResponse
from moto.cloudwatch import urls as cloudwatch_urls
from moto.cloudwatch.exceptions import InvalidParameterValue
from moto.cloudwatch.models import cloudwatch_backends
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcfromtimestamp, utcnow

ACTIVE_REFRESH = ("Pending", "InProgress")
# Group name -> facts a test wants to see in Describe: {"operator": {...}, "states": {"0": "Standby"}}.
group_facts = {}
# Substring of a group's name -> the most groups or policies on one page of a Describe that asks for such a name.
page_sizes = {}
# Seconds that a new instance stays Pending.
launch_delay = 0.0
_lock = threading.RLock()


def check_bounds(low, high, desired):
    if low > high:
        raise ValidationError(f"Max bound, {high}, must be greater than or equal to min bound, {low}")
    if desired is not None and not low <= desired <= high:
        raise ValidationError(f"Desired capacity:{desired} must be between the specified "
                              f"min size:{low} and max size:{high}")


class Instance(models.InstanceState):
    """An instance that is Pending for a while and carries the weight it was launched with."""

    def __init__(self, *args, **kwargs):
        self.ready_at = time.monotonic() + launch_delay
        super().__init__(*args, **kwargs)
        self.weighted_capacity = self.auto_scaling_group.launch_weight

    @property
    def lifecycle_state(self):
        pending = self._state == "InService" and time.monotonic() < self.ready_at
        return "Pending" if pending else self._state

    @lifecycle_state.setter
    def lifecycle_state(self, state):
        self._state = state

    @property
    def weight(self):
        return int(self.weighted_capacity or 1)

    def shown_as(self, state):
        shown = copy.copy(self)
        shown.lifecycle_state, shown.ready_at = state, 0.0
        return shown


class Group(models.FakeAutoScalingGroup):
    """A group that counts in capacity units and leaves alone what a suspended process would change."""

    __module__ = models.__name__  # moto derives the service from it

    def __init__(self, *args, **kwargs):
        self.scaled_at, self.refreshes = None, []
        super().__init__(*args, **kwargs)

    @property
    def _override(self):
        """The override new instances are launched from: always the first one, as with `prioritized`."""
        template = (self.mixed_instances_policy or {}).get("LaunchTemplate", {})
        return (template.get("Overrides") or [{}])[0]

    @property
    def launch_weight(self):
        return self._override.get("WeightedCapacity")

    @property
    def instance_type(self):
        return self._override.get("InstanceType") or super().instance_type

    @property
    def operator(self):
        return group_facts.get(self.name, {}).get("operator")

    @property
    def instances(self):
        states = group_facts.get(self.name, {}).get("states", {})
        return [instance.shown_as(states[str(index)]) if str(index) in states else instance
                for index, instance in enumerate(self.instance_states)]

    def active_instances(self):
        return [each for each in self.instance_states if each.lifecycle_state in ("InService", "Pending")]

    def set_desired_capacity(self, new_capacity):
        self.desired_capacity = self.min_size if new_capacity is None else new_capacity
        missing = self.desired_capacity - sum(each.weight for each in self.active_instances())
        if missing > 0:
            count = math.ceil(missing / int(self.launch_weight or 1))
            self.replace_autoscaling_group_instances(count, self.get_propagated_tags())
        elif missing < 0 and "Terminate" not in self._suspended_processes:
            self._shrink(-missing)

    def _shrink(self, surplus):
        """Terminates the oldest unprotected instances as long as no less than desired is left."""
        victims = []
        for instance in self.active_instances():
            if instance.weight <= surplus and not instance.protected_from_scale_in:
                surplus -= instance.weight
                victims.append(instance)
        if victims:
            self.ec2_backend.terminate_instances([each.instance_id for each in victims])
            self.instance_states = [each for each in self.instance_states if each not in victims]

    def replace_autoscaling_group_instances(self, count_needed, propagated_tags):
        if "Launch" not in self._suspended_processes:
            super().replace_autoscaling_group_instances(count_needed, propagated_tags)

    def update(self, **changes):
        low, high = (self.min_size if changes["min_size"] is None else changes["min_size"],
                     self.max_size if changes["max_size"] is None else changes["max_size"])
        desired = changes["desired_capacity"]
        check_bounds(low, high, desired)
        kept = self.mixed_instances_policy  # moto forgets it
        super().update(**{**changes, "min_size": None, "max_size": None, "desired_capacity": None})
        if not changes["launch_template"] and not changes["launch_config_name"]:
            self.mixed_instances_policy = changes["mixed_instances_policy"] or kept
        self.min_size, self.max_size = low, high
        self.set_desired_capacity(min(max(self.desired_capacity if desired is None else desired, low), high))


class AutoScaling(AutoScalingResponse):
    """The operations with the checks AWS makes."""

    def call_action(self):
        with _lock:
            return super().call_action()

    @property
    def group(self):
        name = self._get_param("AutoScalingGroupName")
        if name not in self.autoscaling_backend.autoscaling_groups:
            raise ValidationError("AutoScalingGroup name not found - null")
        return self.autoscaling_backend.autoscaling_groups[name]

    def _take_cooldown(self):
        cooldown = self._get_int_param("DefaultCooldown")
        if cooldown is not None:
            self.group.default_cooldown = cooldown

    def create_auto_scaling_group(self):
        name = self._get_param("AutoScalingGroupName")
        if name in self.autoscaling_backend.autoscaling_groups:
            raise AutoscalingClientError("AlreadyExists", "AutoScalingGroup by this name already exists - "
                                         f"A group with the name {name} already exists")
        check_bounds(self._get_int_param("MinSize"), self._get_int_param("MaxSize"),
                     self._get_int_param("DesiredCapacity"))
        super().create_auto_scaling_group()
        self._take_cooldown()
        return EmptyResult()

    def update_auto_scaling_group(self):
        super().update_auto_scaling_group()
        self._take_cooldown()
        return EmptyResult()

    def describe_auto_scaling_groups(self):
        limit = self._get_int_param("MaxRecords", 50)
        if not 1 <= limit <= 100:
            raise ValidationError(f"1 validation error detected: Value '{limit}' at 'maxRecords' failed to "
                                  "satisfy constraint: Member must have value between 1 and 100")
        allowed = max(limit, 50)
        names = self._get_param("AutoScalingGroupNames", [])
        if len(names) > allowed:
            raise ValidationError(f"The number of group names that may be passed in is limited to {allowed}")
        smaller = [size for match, size in list(page_sizes.items()) if any(match in name for name in names)]
        self.params["MaxRecords"] = min([limit, *smaller])
        try:
            return super().describe_auto_scaling_groups()
        except ValueError:
            raise AutoscalingClientError("InvalidNextToken", "The NextToken value is not valid.") from None

    def set_desired_capacity(self):
        group, desired = self.group, self._get_int_param("DesiredCapacity")
        for bound, broken, side in ((group.max_size, desired > group.max_size, "above max"),
                                    (group.min_size, desired < group.min_size, "below min")):
            if broken:
                raise ValidationError(f"New SetDesiredCapacity value {desired} is {side} value {bound} "
                                      "for the AutoScalingGroup.")
        now = time.monotonic()
        cooling = group.scaled_at is not None and now - group.scaled_at < group.default_cooldown
        if cooling and self._get_bool_param("HonorCooldown", False):
            raise AutoscalingClientError("ScalingActivityInProgress", f"Scaling activity {uuid.uuid4()} "
                                         "is in progress and blocks this action")
        if desired != group.desired_capacity:
            group.scaled_at = now
        return super().set_desired_capacity()

    def resume_processes(self):
        super().resume_processes()
        self.group.set_desired_capacity(self.group.desired_capacity)
        return EmptyResult()

    def put_scaling_policy(self):
        assert self.group
        super().put_scaling_policy()
        policy = self.autoscaling_backend.policies[self._get_param("PolicyName")]
        policy.enabled = self._get_bool_param("Enabled", True)
        policy.alarms = [
            {"AlarmName": f"TargetTracking-{self.group.name}-Alarm{side}-{uuid.uuid4()}"}
            for side in ("High", "Low") if policy.policy_type == "TargetTrackingScaling"]
        return ActionResult({"PolicyARN": policy.arn, "Alarms": policy.alarms})

    def describe_policies(self):
        limit = self._get_int_param("MaxRecords", 50)
        name = self._get_param("AutoScalingGroupName") or ""
        size = min([limit, *(size for match, size in list(page_sizes.items()) if match in name)])
        start = int(self._get_param("NextToken") or 0)
        policies = super().describe_policies().result["ScalingPolicies"]
        token = str(start + size) if len(policies) > start + size else None
        return ActionResult({"ScalingPolicies": policies[start:start + size], "NextToken": token})

    def start_instance_refresh(self):
        if any(refresh["Status"] in ACTIVE_REFRESH for refresh in self.group.refreshes):
            raise AutoscalingClientError("InstanceRefreshInProgress", "An Instance Refresh is already in "
                                         "progress and blocks the execution of this Instance Refresh.")
        refresh = {
            "InstanceRefreshId": str(uuid.uuid4()), "AutoScalingGroupName": self.group.name,
            "Status": "InProgress", "StartTime": utcnow(), "PercentageComplete": 0,
            "InstancesToUpdate": len(self.group.instance_states),
            "Strategy": self._get_param("Strategy", "Rolling"),
        }
        self.group.refreshes.insert(0, refresh)
        return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})

    def cancel_instance_refresh(self):
        for refresh in self.group.refreshes:
            if refresh["Status"] in ACTIVE_REFRESH:
                refresh.update(Status="Cancelled", EndTime=utcnow())
                return ActionResult({"InstanceRefreshId": refresh["InstanceRefreshId"]})
        raise AutoscalingClientError("ActiveInstanceRefreshNotFound",
                                     "No in progress or pending Instance Refresh found for Auto Scaling "
                                     f"group {self.group.name}")

    def describe_instance_refreshes(self):
        wanted = self._get_param("InstanceRefreshIds", [])
        return ActionResult({"InstanceRefreshes": [
            each for each in self.group.refreshes if not wanted or each["InstanceRefreshId"] in wanted]})


def _needs_group(operation):
    @functools.wraps(operation)
    def checked(self):
        assert self.group
        return operation(self)
    return checked


for _name in ("suspend_processes", "resume_processes", "set_instance_protection", "attach_instances",
              "detach_instances", "enter_standby", "exit_standby", "put_warm_pool", "describe_warm_pool",
              "delete_warm_pool", "put_lifecycle_hook", "enable_metrics_collection"):
    setattr(AutoScaling, _name, _needs_group(getattr(AutoScaling, _name)))


class CloudWatch(CloudWatchResponse):
    """PutMetricData with its documented limits."""

    def put_metric_data(self):
        namespace, data = self._get_param("Namespace"), self._get_param("MetricData", [])
        if namespace.startswith("AWS/"):
            raise InvalidParameterValue(f"The value {namespace} for parameter Namespace is invalid.")
        if len(data) > 1000:
            raise InvalidParameterValue("The collection MetricData must not have a size greater than 1000.")
        for number, datum in enumerate(data, start=1):
            self._check_datum(datum, f"MetricData.member.{number}")
        return super().put_metric_data()

    @staticmethod
    def _check_datum(datum, where):
        for field, limit in (("Dimensions", 30), ("Values", 150)):
            if len(datum.get(field) or ()) > limit:
                raise InvalidParameterValue(f"The collection {where}.{field} must not have a size "
                                            f"greater than {limit}.")
        if int(datum.get("StorageResolution") or 60) not in (1, 60):
            raise InvalidParameterValue(f"The value {datum['StorageResolution']} for parameter "
                                        f"{where}.StorageResolution is invalid.")
        numbers = {"Value": datum.get("Value"), **(datum.get("StatisticValues") or {})}
        numbers.update(enumerate(datum.get("Values") or []))
        for field, value in numbers.items():
            if value is not None and not math.isfinite(float(value)):
                raise InvalidParameterValue(f"The value {json.dumps(float(value))} for parameter "
                                            f"{where}.{field} is invalid.")


def publish(account, region, namespace, metric, dimension, minutes):
    """Figures of a service's own, in a namespace that is closed to PutMetricData: (seconds, value) each."""
    data = [{"MetricName": metric, "Dimensions": [dimension], "Timestamp": utcfromtimestamp(time), "Value": value}
            for time, value in minutes]
    cloudwatch_backends[account][region].put_metric_data(namespace, data)


models.InstanceState = Instance
models.FakeAutoScalingGroup = Group
urls.url_paths["{0}/$"] = AutoScaling.dispatch
cloudwatch_urls.url_paths["{0}/$"] = CloudWatch.dispatch
