"""The list of cases, and what each is given."""

import dataclasses
import pathlib
import random
import tempfile

from harness.daemon import Daemon


class Skipped(Exception):
    """The case cannot be tried here; the message says why."""


@dataclasses.dataclass
class Setting:
    """What a case runs with."""

    program: str
    full: bool
    seed: int
    folder: pathlib.Path

    def daemon(self, *options, **keywords):
        return Daemon(self.program, self.folder, *options, **keywords)

    def random(self, name):
        """A generator of its own for each part of a case, the same in each run."""
        return random.Random(f"{self.seed}/{name}")

    def amount(self, quick, full):
        return full if self.full else quick


ALL = []


def case(function):
    """Registers a case. It returns a line that says what was tried, and raises where the daemon failed."""
    ALL.append(function)
    return function


def private_folder():
    # Short, because a Unix socket's path holds 107 bytes; made with mode 0700.
    return tempfile.TemporaryDirectory(prefix="flt-", ignore_cleanup_errors=True)
