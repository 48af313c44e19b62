"""The tests. A file that pytest rewrites is rewritten and kept once, not by each process of each run; also where Python
is told to keep nothing, and before anything is imported."""

import sys

sys.dont_write_bytecode = False
