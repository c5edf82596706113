"""Accounts made by the operator, and people in them."""

import json
import uuid

from harness.people import Person


class Account:
    """An account made by the operator, as its root."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.name = f"account-{uuid.uuid4().hex[:10]}"
        made = json.loads(cloud.murus("admin", "account", "create", "--name", self.name, "--output", "json").stdout)
        assert set(made) == {"AccountId", "CanonicalUserId", "AccessKeyId", "SecretAccessKey"}
        self.id, self.canonical_id = made["AccountId"], made["CanonicalUserId"]
        self.keys = made["AccessKeyId"], made["SecretAccessKey"]

    def client(self, service, **configuration):
        """A client that acts as the account's root."""
        return self.cloud.client(service, keys=self.keys, **configuration)

    def person(self, name=None):
        """A fresh user of the account, without any permission."""
        return Person(self.cloud, name, iam=self.client("iam"))

    def remove(self):
        """Deletes the account."""
        return self.cloud.murus("admin", "account", "delete", self.id, check=False)
