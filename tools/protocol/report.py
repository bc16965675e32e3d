"""Counts what passed and what failed."""

import contextlib


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0

    @contextlib.contextmanager
    def section(self, title):
        """A group of checks, with a line of its own. An exception in it is one failure."""
        before = (self.passed, self.failed)
        try:
            yield
        except Exception as error:  # whatever a daemon does must not hide the other checks
            self.fail(title, f"{type(error).__name__}: {error}")
        passed, failed = self.passed - before[0], self.failed - before[1]
        print(
            f"{'FAIL' if failed else 'ok  '} {title}: {passed} passed" + (f", {failed} failed" if failed else ""),
            flush=True,
        )

    def check(self, name, problem):
        """problem: None or empty, if it is as it should be."""
        if problem:
            self.fail(name, problem)
        else:
            self.passed += 1

    def fail(self, name, problem):
        self.failed += 1
        print(f"     {name}: {problem}", flush=True)
