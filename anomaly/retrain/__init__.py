"""Retraining: a challenger learns from newer days and takes the champion's place only where it is no worse.

``campaigns`` draws the thefts that both are tried with, ``trial`` writes them into recent days and scores them with
both, ``gate`` decides and says why, ``run`` is the whole of it. ``verdicts`` is what people said of past sessions.
"""

from anomaly.retrain.run import Retrained, retrain, rollback

__all__ = ["Retrained", "retrain", "rollback"]
