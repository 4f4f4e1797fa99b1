"""Proof that the journal loses nothing: real processes killed, power cuts played on a disk that forgets.

audit.py    reads a journal without the journal's code     bounds.py   what a count of failures proves
load.py     a writer that tells what it was promised       ledger.py   promises against what stands there
kills.py    kill -9, again and again                       traced.py   a writer whose every step is recorded
trace.py    every file operation of a writer               disk.py     what a power cut may leave of them
power.py    cut, rebuild, open, compare
"""
