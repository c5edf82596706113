"""Every error that AWS's models document for the offered actions of IAM, STS and KMS: how to provoke it here, or why it
cannot happen. One file a resource; `test_iam_errors.py` walks through all of them and compares them with the models."""

import dataclasses
import functools
import importlib
import pkgutil

from harness.operations import model, offered

SERVICES = ("iam", "sts", "kms")


@dataclasses.dataclass(frozen=True)
class Case:
    """One error, provoked: `arrange` makes what it needs and gives the parameters of the call, or (client, parameters)."""

    service: str
    action: str
    code: str
    says: str
    arrange: object

    @property
    def pair(self):
        """What the models list."""
        return self.service, self.action, self.code


CASES = []
# (service, action, code) -> why it cannot happen here.
NEVER = {}


def code_of(shape):
    """The code on the wire of a modelled error."""
    return shape.metadata.get("error", {}).get("code", shape.name)


def status_of(service, shape):
    """The HTTP status of a modelled error; the JSON protocol knows only whose fault it was."""
    declared = shape.metadata.get("error", {}).get("httpStatusCode")
    return declared or (500 if shape.metadata.get("fault") else 400)


@functools.cache
def documented():
    """(service, action, code) of every modelled error of every offered action -> its shape."""
    return {
        (service, name, code_of(shape)): shape
        for service in SERVICES
        for name in offered(service)
        for shape in model(service).operation_model(name).error_shapes
    }


def provokes(service, code, *actions, says):
    """Registers how these actions come to answer this error, with words that its message must have."""

    def register(arrange):
        for action in actions:
            needs_name = arrange.__code__.co_argcount == 2
            prepared = (lambda world, action=action: arrange(world, action)) if needs_name else arrange
            CASES.append(Case(service, action, code, says, prepared))
        return arrange

    return register


def never(service, code, why, *actions):
    """Says why these actions cannot answer this error here; without actions: all that document it and provoke none."""
    for pair in documented():
        if pair[0] == service and pair[2] == code and (pair[1] in actions or not actions):
            if actions or not any(case.pair == pair for case in CASES):
                NEVER[pair] = why
    for action in actions:
        # one that the models do not list is found by the completeness test
        NEVER.setdefault((service, action, code), why)


def load():
    """Reads every file of this folder, the general reasons last."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    for name in [name for name in names if name != "reasons"] + ["reasons"]:
        importlib.import_module(f"{__name__}.{name}")
    return CASES, NEVER
