"""Run by Airflow's own Python, not by the tests': reads the DAG file as Airflow does, runs its tasks, prints JSON."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from airflow.dag_processing.dagbag import DagBag

folder, program = map(Path, sys.argv[1:])
bag = DagBag(dag_folder=str(folder))
said = {"errors": bag.import_errors, "dags": {}}
for name, dag in sorted(bag.dags.items()):
    (one,) = dag.tasks
    module = sys.modules[one.python_callable.__module__]
    module.PROGRAM = str(program)
    calls = {}
    for code in (0, 1, 2, 3, 4, 75):
        program.write_text(f'#!/bin/sh\necho "$@" > {program}.called\nexit {code}\n')
        program.chmod(0o755)
        moments = [datetime(2026, 3, 2, 3, 30, tzinfo=UTC), None] if name == "anomaly_daily" else [None]
        for moment in moments:
            try:
                one.python_callable(*([moment] if name == "anomaly_daily" else []))
                outcome = "success"
            except Exception as error:
                outcome = type(error).__name__
            calls[f"{code} {moment:%d}" if moment else str(code)] = [
                outcome,
                Path(f"{program}.called").read_text().split(),
            ]
    said["dags"][name] = {
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "schedule": str(dag.schedule),
        "timezone": str(dag.timezone),
        "retries": one.retries,
        "calls": calls,
    }
print("\n" + json.dumps(said))
