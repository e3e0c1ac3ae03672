"""Checks the template as `sam deploy` will see it: it must transform, and no role may do more than its function.

Usage: check-template.py template.yaml
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from cfnlint.decode import cfn_yaml  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402

# What each function may do: one line an action, with the resource that it is for.
ALLOWED = {
    "OrderLookupRole": {"dynamodb:Query Table"},
    "WebhookIntakeRole": {"sqs:SendMessage HintQueue", "secretsmanager:GetSecretValue WebhooksSecret"},
    "PaymentReconciliationRole": {
        "dynamodb:GetItem Table",
        "dynamodb:PutItem Table",
        "sqs:ReceiveMessage HintQueue",
        "sqs:DeleteMessage HintQueue",
        "sqs:GetQueueAttributes HintQueue",
        "sqs:ChangeMessageVisibility HintQueue",
        "sqs:SendMessage HintQueue",
        "secretsmanager:GetSecretValue AccountsSecret",
    },
    "RefundsRole": {
        "dynamodb:GetItem Table",
        "dynamodb:PutItem Table",
        "dynamodb:UpdateItem Table",
        "sqs:SendMessage HintQueue",
        "secretsmanager:GetSecretValue AccountsSecret",
    },
    "StationApiRole": {
        "dynamodb:GetItem Table",
        "dynamodb:Query Table",
        "dynamodb:PutItem Table",
        "dynamodb:UpdateItem Table",
        "dynamodb:Query ${Table.Arn}/index/open-commands",
        "sqs:SendMessage HintQueue",
    },
    "PointTerminalsRole": {
        "dynamodb:GetItem Table",
        "dynamodb:BatchGetItem Table",
        "dynamodb:PutItem Table",
        "dynamodb:UpdateItem Table",
        "sqs:SendMessage HintQueue",
        "secretsmanager:GetSecretValue AccountsSecret",
    },
    "OAuthRole": {
        "dynamodb:GetItem Table",
        "dynamodb:PutItem Table",
        "secretsmanager:GetSecretValue OAuthSecret",
        "secretsmanager:PutSecretValue OAuthSecret",
        "secretsmanager:UpdateSecretVersionStage OAuthSecret",
        "secretsmanager:GetSecretValue AccountsSecret",
        "secretsmanager:PutSecretValue AccountsSecret",
        "secretsmanager:UpdateSecretVersionStage AccountsSecret",
    },
    "AuthorizerRole": {"dynamodb:GetItem Table"},
    "SweepRole": {
        "dynamodb:GetItem Table",
        "dynamodb:UpdateItem Table",
        "dynamodb:Query ${Table.Arn}/index/unresolved",
        "sqs:SendMessage HintQueue",
    },
}


def as_list(value):
    return value if isinstance(value, list) else [value]


def name(resource):
    """The logical id, or the text, that a statement's Resource names."""
    if isinstance(resource, str):
        return resource
    if "Ref" in resource:
        return resource["Ref"]
    if "Fn::GetAtt" in resource:
        target = resource["Fn::GetAtt"]
        return target.split(".")[0] if isinstance(target, str) else target[0]
    return resource.get("Fn::Sub", json.dumps(resource))


def grants(role):
    for policy in role["Properties"].get("Policies", []):
        for statement in policy["PolicyDocument"]["Statement"]:
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    if not action.startswith("logs:"):
                        yield f"{action} {name(resource)}"


def main(path):
    source = json.loads(json.dumps(cfn_yaml.load(path), default=str))
    errors = []
    for logical_id, resource in source["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role":
            found = set(grants(resource))
            if found != ALLOWED.get(logical_id):
                errors.append(f"{logical_id}: grants {sorted(found)}, and not what is listed here")
        if resource["Type"] == "AWS::Serverless::Function":
            role = resource["Properties"].get("Role", {})
            if name(role) != logical_id.replace("Function", "Role"):
                errors.append(f"{logical_id}: has no role of its own")
    globals_ = source["Globals"]["Function"]
    if globals_["Runtime"] != "provided.al2023" or source["Parameters"]["Architecture"]["Default"] != "arm64":
        errors.append("the functions must run on provided.al2023, on arm64 by default")

    # The translator wants code that has been uploaded.
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://bucket/key"
    values = {key: spec.get("Default") for key, spec in source["Parameters"].items()}
    output = transform(source, {key: str(value) for key, value in values.items()}, _NoManagedPolicies())
    kinds = {}
    for resource in output["Resources"].values():
        kinds[resource["Type"]] = kinds.get(resource["Type"], 0) + 1
    for error in errors:
        print(f"{path}: {error}", file=sys.stderr)
    if errors:
        sys.exit(1)
    print(f"{path}: transforms to {sum(kinds.values())} resources, {kinds['AWS::Lambda::Function']} of them functions")


class _NoManagedPolicies:
    """Roles are written out: no managed policy may be needed."""

    def load(self):
        return {}


if __name__ == "__main__":
    main(sys.argv[1])
