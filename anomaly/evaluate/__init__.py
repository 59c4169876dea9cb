"""The evaluation room: organisations nobody has seen, replayed day by day, and how much of what was planted is found.

replay (simulate, ingest, train on the past, score each day) -> truth (which sessions were planted) -> outcome (where
each campaign ranked) -> figures (shares with intervals), spending (what the queue was spent on) -> report, page.
Simple rivals (baselines, rules, baselines_pyod) are ranked under the same rules.
"""
