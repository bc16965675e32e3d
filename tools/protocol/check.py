#!/usr/bin/env python3
"""Checks that protocol/ is sound, and that a daemon does what it says.

    check.py                                     the files alone
    check.py --daemon .build/release/fixlipd     and a daemon
    check.py --daemon … --transcript NAME        only this transcript, on a daemon

Needs Python 3.10 and `jsonschema` 4. Where that cannot be imported it is installed into .build/protocol-check; nothing
else needs the network. Ends with
"N passed, M failed", and with status 1 if any failed.
"""

import argparse
import pathlib
import sys

import environment

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

environment.ensure()

from contract import Contract  # noqa: E402
from extreme_numbers import check_extreme_numbers  # noqa: E402
from file_checks import check_files  # noqa: E402
from harness.daemon import heed_signals  # noqa: E402
from live_checks import check_daemon, check_transcripts  # noqa: E402
from report import Report  # noqa: E402


def main():
    heed_signals()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--daemon", metavar="PROGRAM", help="a fixlipd to drive")
    parser.add_argument("--transcript", metavar="NAME", help="play only this one")
    arguments = parser.parse_args()
    report = Report()
    contract = Contract()
    if arguments.transcript:
        if not arguments.daemon:
            parser.error("--transcript needs --daemon")
        check_transcripts(report, contract, arguments.daemon, arguments.transcript)
    else:
        check_files(report, contract)
        if arguments.daemon:
            check_daemon(report, contract, arguments.daemon)
            with report.section("extreme numbers in the examples of parameters"):
                check_extreme_numbers(report, contract, arguments.daemon)
    print(f"{report.passed} passed, {report.failed} failed")
    sys.exit(1 if report.failed else 0)


if __name__ == "__main__":
    main()
