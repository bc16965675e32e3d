#!/usr/bin/env python3
"""Writes everything that follows from protocol/: its own derived members, the messages in Swift and Python, the
document that `rpc.discover` answers, and docs/protocol.md. `check.py` fails if any of it is stale.
"""

import bundle
import derive
import generate_docs
import generate_python
import generate_swift

if __name__ == "__main__":
    for step in (derive, bundle, generate_swift, generate_python, generate_docs):
        step.main([])
