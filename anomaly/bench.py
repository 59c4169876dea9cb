"""``make bench``: speed as ratios measured side by side in one run, never a promise of one machine's seconds.

Name parts to run only those: ``python -m anomaly.bench features``.
"""

import sys
from collections.abc import Sequence

from anomaly import bench_features, bench_history, bench_ingest, bench_night, bench_readers, bench_scale
from anomaly.errors import UnknownNameError, nearest

PARTS = {
    "ingest": bench_ingest.main,
    "readers": bench_readers.main,
    "features": bench_features.main,
    "history": bench_history.main,
    "scale": bench_scale.main,
    "night": bench_night.main,
}


def main(names: Sequence[str] = ()) -> None:
    """Run the parts named, all when none is; raises UnknownNameError for a part that there is not."""
    for name in names:
        if name not in PARTS:
            raise UnknownNameError(f"no part {name!r} of the bench: {nearest(name, PARTS)}")
    for name, part in PARTS.items():
        if not names or name in names:
            print(f"== {name}", flush=True)
            part()


if __name__ == "__main__":
    main(sys.argv[1:])
