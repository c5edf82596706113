"""Waiting for a condition with a deadline; the only place in the tests that sleeps."""

import time


class DeadlineExpired(AssertionError):
    """A condition did not come true in time; the message tells what was seen last."""


def wait_until(condition, deadline=60, every=0.2, what=None):
    """Calls `condition` until it returns something true, and returns that.

    `deadline` is in seconds. `what` names the condition in the failure; a callable is asked at the end,
    so that it can tell what was seen last.
    """
    until = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= until:
            told = what() if callable(what) else what or condition
            raise DeadlineExpired(f"not within {deadline} s: {told}; last seen: {value!r}")
        time.sleep(every)


def stays(condition, seconds, every=0.2, what=None):
    """Asserts that `condition` holds, looked at again and again, for all of `seconds`."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert condition(), f"no longer so: {what or condition}"
        time.sleep(every)
