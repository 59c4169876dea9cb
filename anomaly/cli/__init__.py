"""The command line: the verbs, nothing else. Entry point ``anomaly.cli:main``.

Every command imports what it works with when it runs, so that ``anomaly --help`` answers at once.
"""

import click

from anomaly import __version__
from anomaly.cli.context import context
from anomaly.cli.coverage import coverage
from anomaly.cli.daily import daily
from anomaly.cli.demo import demo
from anomaly.cli.depth import depth
from anomaly.cli.emit import emit
from anomaly.cli.explain import explain
from anomaly.cli.export import export
from anomaly.cli.front import Front
from anomaly.cli.ingest import ingest, quarantine
from anomaly.cli.prune import prune
from anomaly.cli.retrain import promote, retrain, rollback
from anomaly.cli.review import review
from anomaly.cli.score import models, score, train
from anomaly.cli.simulate import simulate
from anomaly.cli.top import top
from anomaly.evaluate.command import evaluate

__all__ = ["main"]


@click.group(cls=Front)
@click.version_option(__version__, prog_name="anomaly")
def main() -> None:
    """Tell when data is leaving: raw cloud-storage logs in, a short ranked list of suspicious sessions out.

    On your own logs: context init, ingest, train, score, top, explain. To see it work: demo.
    """


for command in (
    context,
    coverage,
    daily,
    demo,
    depth,
    emit,
    evaluate,
    explain,
    export,
    ingest,
    models,
    promote,
    prune,
    quarantine,
    retrain,
    rollback,
    review,
    score,
    simulate,
    top,
    train,
):
    main.add_command(command)
