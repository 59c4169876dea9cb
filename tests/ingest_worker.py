"""A process that ingests in forked children, for the test that kills them: imports once, starts a run in no time.

Each line on its input holds a folder and a lake, a tab between; it answers with the child's process id and, when the
child has ended, with its exit status.
"""

import os
import sys
from pathlib import Path

import anomaly.ingest.run
from anomaly.store import Lake

anomaly.ingest.run.BATCH_BYTES = 60_000  # many small groups, so that a kill falls into all stages of one
for line in sys.stdin:
    folder, root = (Path(text) for text in line.rstrip("\n").split("\t"))
    child = os.fork()
    if child == 0:
        anomaly.ingest.run.ingest([folder], Lake(root), threads=2)
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
