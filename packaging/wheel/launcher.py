"""The command ``fixlipd`` of the wheel: becomes the program that lies in this package."""

import os
import platform
import sys
from pathlib import Path
from typing import NoReturn


def main() -> NoReturn:
    machine = f"{platform.system()} on {platform.machine()}"
    if machine != "Linux on x86_64":
        sys.exit(
            f"fixlipd: this package holds a program for Linux on x86_64, and this is {machine}; build it from source"
        )
    program = Path(__file__).parent / "program" / "bin" / "fixlipd"
    try:
        os.execv(program, [str(program), *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"fixlipd: {program} cannot be started: {error.strerror}; install the package again")
