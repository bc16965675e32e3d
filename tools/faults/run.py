#!/usr/bin/env python3
"""Fault and load tests against the real daemon.

    tools/faults/run.py [--quick | --full] [--daemon PATH] [--only NAME ...] [--seed N] [--list]

Every case starts daemons of its own in a private folder. Ends with "N passed, M failed" and status 1 if any failed.
"""

import argparse
import os
import pathlib
import sys
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import cases
import cases_clock
import cases_files
import cases_load
import cases_memory
import cases_models
import cases_process
import cases_state
import cases_turns
import cases_wire
from harness.client import Ended
from harness.daemon import REPOSITORY, Failure, heed_signals

MODULES = (
    cases_wire,
    cases_files,
    cases_memory,
    cases_models,
    cases_process,
    cases_state,
    cases_clock,
    cases_turns,
    cases_load,
)


def arguments():
    parser = argparse.ArgumentParser(description="Fault and load tests against the real daemon.")
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="two minutes on an idle machine (default)")
    extent.add_argument("--full", action="store_true", help="more of everything: 200 clients for two minutes, …")
    parser.add_argument("--daemon", default=os.environ.get("FIXLIPD", str(REPOSITORY / ".build/release/fixlipd")))
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these cases")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="print the cases and end")
    return parser.parse_args()


def run(function, options):
    """Runs one case; returns passed, failed or skipped."""
    start = time.monotonic()
    with cases.private_folder() as folder:
        setting = cases.Setting(
            program=str(pathlib.Path(options.daemon).resolve()),
            full=options.full,
            seed=options.seed,
            folder=pathlib.Path(folder),
        )
        try:
            outcome, detail = "passed", function(setting)
        except cases.Skipped as reason:
            outcome, detail = "SKIPPED", str(reason)
        except (Failure, Ended) as reason:
            outcome, detail = "FAILED", str(reason)
        except Exception:
            outcome, detail = "FAILED", traceback.format_exc()
    print(f"{outcome:8}{function.__name__:34}{time.monotonic() - start:6.1f} s  {detail}", flush=True)
    return outcome


def main():
    heed_signals()
    options = arguments()
    if options.list:
        for function in cases.ALL:
            print(f"{function.__name__:34}{(function.__doc__ or '').splitlines()[0]}")
        return 0
    if not os.access(options.daemon, os.X_OK):
        print(f"there is no program {options.daemon}; build it, or name it with --daemon", file=sys.stderr)
        return 2
    chosen = cases.ALL
    if options.only:
        unknown = set(options.only) - {function.__name__ for function in cases.ALL}
        if unknown:
            print(f"no such case: {', '.join(sorted(unknown))} (see --list)", file=sys.stderr)
            return 2
        chosen = [function for function in cases.ALL if function.__name__ in options.only]
    start = time.monotonic()
    outcomes = [run(function, options) for function in chosen]
    skipped = outcomes.count("SKIPPED")
    if skipped:
        print(f"{skipped} SKIPPED: what they try was not tried here")
    failed = outcomes.count("FAILED")
    print(f"{outcomes.count('passed')} passed, {failed} failed ({time.monotonic() - start:.0f} s)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
