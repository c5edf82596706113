"""Fresh IAM users with keys, and the removal of everything that hangs on them."""

import json
import uuid

EVERYWHERE = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]


def document(*statements):
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, on="*", **more):
    """An Allow statement."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **more}


def deny(*actions, on="*", **more):
    """A Deny statement."""
    return {"Effect": "Deny", "Action": list(actions), "Resource": on, **more}


def quota(action, name, limit, on="*"):
    """A statement that denies the action beyond the limit."""
    return deny(action, on=on, Condition={"NumericGreaterThan": {f"murus:quota-{name}": str(limit)}})


class Person:
    """A user of the cloud with one access key."""

    def __init__(self, cloud, name=None, iam=None):
        self.cloud = cloud
        self.name = name or f"user-{uuid.uuid4().hex[:10]}"
        self.iam = iam or cloud.client("iam")
        self.arn = self.iam.create_user(UserName=self.name)["User"]["Arn"]
        key = self.iam.create_access_key(UserName=self.name)["AccessKey"]
        self.keys = key["AccessKeyId"], key["SecretAccessKey"]

    def client(self, service, **configuration):
        """A client that acts as this user."""
        return self.cloud.client(service, keys=self.keys, **configuration)

    def may(self, *statements, name="inline"):
        """Puts an inline policy on the user."""
        self.iam.put_user_policy(UserName=self.name, PolicyName=name, PolicyDocument=document(*statements))
        return self

    def attach(self, policy):
        """Attaches one of AWS's managed policies by its name."""
        self.iam.attach_user_policy(UserName=self.name, PolicyArn=f"arn:aws:iam::aws:policy/{policy}")
        return self

    def remove(self):
        """Deletes the user and all that belongs to it."""
        iam, name = self.iam, self.name
        for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
            iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
        for policy in iam.list_user_policies(UserName=name)["PolicyNames"]:
            iam.delete_user_policy(UserName=name, PolicyName=policy)
        for policy in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
            iam.detach_user_policy(UserName=name, PolicyArn=policy["PolicyArn"])
        for group in iam.list_groups_for_user(UserName=name)["Groups"]:
            iam.remove_user_from_group(UserName=name, GroupName=group["GroupName"])
        iam.delete_user(UserName=name)
