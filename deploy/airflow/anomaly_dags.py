"""Airflow 3: `anomaly daily` every night, `anomaly retrain` every Sunday, on a worker with the program and the lake.

Copy it into the folder of DAGs. The worker's environment has ANOMALY_CONFIG and the secrets, as for cron. A run that
finds the lake held (exit code 75) is skipped, for the next one catches up; one that would say the same again fails at
once (2 settings, 3 a gate held the day back, 4 no model); any other is tried again.
"""

import subprocess
from datetime import datetime, timedelta

import pendulum
from airflow.sdk import DAG, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

PROGRAM = "/opt/anomaly/bin/anomaly"
HELD = 75
SAME_AGAIN = (2, 3, 4)
# A run that was missed is not made up for: the next night looks back as far as it has to. One writer a lake.
USUAL = {
    "start_date": pendulum.datetime(2026, 1, 1, tz="UTC"),
    "catchup": False,
    "max_active_runs": 1,
    "tags": ["security"],
}


def run(*words: str) -> None:
    """Run the program; its lines go to the task's log."""
    code = subprocess.run([PROGRAM, *words], check=False).returncode
    if code == HELD:
        raise AirflowSkipException("another run holds the lake; the next one catches up")
    if code in SAME_AGAIN:
        raise AirflowFailException(f"exit code {code}: the log says what to do; docs/operate.md has the run-book")
    if code:
        raise RuntimeError(f"exit code {code}: tried again, what was finished is kept")


with DAG("anomaly_daily", schedule="30 3 * * *", **USUAL):

    @task(retries=2, retry_delay=timedelta(minutes=20), execution_timeout=timedelta(hours=10))
    def daily(logical_date: datetime | None = None) -> None:
        """Do the night of the day before the one that Airflow runs it for; started by hand, that of yesterday."""
        day = [] if logical_date is None else ["--date", f"{logical_date - timedelta(days=1):%Y-%m-%d}"]
        run("daily", *day, "--log-format", "json")

    daily()

with DAG("anomaly_retrain", schedule="0 6 * * 0", **USUAL):

    @task(retries=2, retry_delay=timedelta(hours=1), execution_timeout=timedelta(hours=10))
    def retrain() -> None:
        """Try a newer model against the one in use."""
        run("retrain")

    retrain()
