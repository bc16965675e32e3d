"""Rates by the daemon's processor time with one thread, which other programs on the machine change little."""

import os
from pathlib import Path

from common import CAPTIONS, IMAGE, refine
from daemon import harness

TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """What a process has taken, of user and system time (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def masked_rate(program, folder, precision, masks):
    """Masked images of a cold image a second, with all that belongs to a refinement."""
    with harness.Daemon(program, None, "--precision", precision, "--threads", "1") as daemon:
        connection = daemon.connect(timeout=None)
        connection.result("models/load", model=str(folder))
        opened = connection.result("explanation/open", model=str(folder), image=IMAGE, text=CAPTIONS[0])
        refine(connection, opened["explanation"], 8)
        held = connection.result("explanation/list")["explanations"][0]["imageMasks"]
        before = processor_seconds(daemon.pid)
        refine(connection, opened["explanation"], held + masks)
        return masks / (processor_seconds(daemon.pid) - before)
