"""Drives a real fixlipd from Python, for `tools/faults`, `tools/protocol`, `tools/shapiq`, `tools/parity` and
`benchmarks`.

A script puts `tools/` on its path first. `daemon` starts and watches the program, `client` speaks to it, `wire` frames.
It shows every byte on purpose; programs that only want answers have the package `fixlipd`.
"""
