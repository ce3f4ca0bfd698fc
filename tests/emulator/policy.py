"""What IAM policies allow, evaluated as AWS does it, where moto looks at the action alone.

moto's checks (`reset-auth`, `--auth`) ask every policy about the resource `*` and take an Allow with a
Condition for a Deny. Here the resource is the one that the call is about, the condition keys are those that
backlogd's policies use, a role's trust policy is asked about its principal and the external id, and the
refusal has AWS's sentence:

    User: ARN is not authorized to perform: ACTION on resource: ARN because no identity-based policy allows
    the ACTION action

The resource is absent from it where AWS knows none for the action. Only the services of the tests are known.
"""

import fnmatch
import json
import re

from moto.autoscaling.models import autoscaling_backends
from moto.core.exceptions import AccessDeniedError
from moto.iam.access_control import IAMPolicy, IAMRequest
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

import wire

ALWAYS_ALLOWED = ("sts:GetCallerIdentity",)


def check(request, _resource):
    """Refuses the call unless the caller's policies allow it, and a role's trust policy too."""
    action, call = request._action, wire.signed_call.get()
    if action in ALWAYS_ALLOWED:
        return
    user, resource = request._access_key.arn, resource_of(request, call)
    policies = [IAMPolicy(policy)._policy_json for policy in request._access_key.collect_policies()]
    found = effects(policies, action, resource, context_of(call), user)
    where = action if resource == "*" else f"{action} on resource: {resource}"
    if "Deny" in found:
        raise AccessDeniedError(user, f"{where} with an explicit deny in an identity-based policy")
    if "Allow" not in found:
        raise AccessDeniedError(user, f"{where} because no identity-based policy allows the {action} action")
    if action == "sts:AssumeRole" and effects([trust_of(resource)], action, None, context_of(call), user) != {"Allow"}:
        raise AccessDeniedError(user, where)


def effects(policies, action, resource, context, user):
    """The effects of all statements that are about the call; a trust policy's have no resource."""
    statements = [statement for policy in policies for statement in listed(policy["Statement"])]
    return {statement["Effect"] for statement in statements
            if named(statement, "Action", action, str.lower)
            and (resource is None or named(statement, "Resource", resource))
            and ("Principal" not in statement or trusts(statement["Principal"], user))
            and all(holds(operator, key, listed(values), context)
                    for operator, keys in statement.get("Condition", {}).items() for key, values in keys.items())}


def named(statement, element, value, fold=str):
    """Whether an element, or what it excepts, matches."""
    if f"Not{element}" in statement:
        return not any(like(fold(value), fold(pattern)) for pattern in listed(statement[f"Not{element}"]))
    return any(like(fold(value), fold(pattern)) for pattern in listed(statement[element]))


def like(value, pattern):
    """`*` and `?` are wildcards; `${*}`, `${?}` and `${$}` stand for themselves, and brackets too."""
    parts = re.split(r"(\$\{[*?$]\})", pattern)
    glob = "".join(f"[{part[2]}]" if index % 2 else part.replace("[", "[[]") for index, part in enumerate(parts))
    return fnmatch.fnmatchcase(value, glob)


def trusts(principal, user):
    account = user.split(":")[4]
    return any(each in (user, account) or each.endswith(f":{account}:root") for each in listed(principal.get("AWS", [])))


def holds(operator, key, values, context):
    """Whether the call's value of a key is one of `values`; what is not known here fails loudly."""
    if operator != "StringEquals":
        raise NotImplementedError(f"condition operator {operator}")
    return context.get(key) in [re.sub(r"\$\{([*?$])\}", r"\1", value) for value in values]


def context_of(call):
    keys = {"cloudwatch:namespace": call.body.get("Namespace"), "sts:ExternalId": call.body.get("ExternalId")}
    return {key: value for key, value in keys.items() if value is not None}


def resource_of(request, call):
    """The ARN that the call is about; `*` where AWS knows no resources for the action."""
    partition = get_partition(request._region)
    place = f"{request._region}:{request.account_id}"
    match request._action.partition(":")[2], call.body:
        case "GetQueueUrl", {"QueueName": name, **rest}:
            owner = rest.get("QueueOwnerAWSAccountId", request.account_id)
            return f"arn:{partition}:sqs:{request._region}:{owner}:{name}"
        case _, {"QueueUrl": url}:
            owner, name = url.rsplit("/", 2)[1:]
            return f"arn:{partition}:sqs:{request._region}:{owner}:{name}"
        case "SetDesiredCapacity", {"AutoScalingGroupName": name}:
            group = autoscaling_backends[request.account_id][request._region].autoscaling_groups.get(name)
            return group.arn if group else f"arn:{partition}:autoscaling:{place}:autoScalingGroup:none:autoScalingGroupName/{name}"
        case "AssumeRole", {"RoleArn": arn}:
            return arn
        case "Publish", {"TopicArn": arn}:
            return arn
    return "*"


def trust_of(role_arn):
    """The role's trust policy; none, which trusts nobody, where there is no such role."""
    partition, account = role_arn.split(":")[1], role_arn.split(":")[4]
    for role in iam_backends[account][partition].roles.values():
        if role.arn == role_arn:
            return json.loads(role.assume_role_policy_document)
    return {"Statement": []}


def listed(value):
    return value if isinstance(value, list) else [value]


IAMRequest.check_action_permitted = check
