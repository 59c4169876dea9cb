"""Thefts that never happened, written into an organisation's own days: what would the model have made of them?

``bucket`` reads what the lake knows of a bucket and its readers, ``inject`` makes the rows of a campaign, ``overlay``
is a lake beside the real one that holds them, ``trials`` scores them among the day's real cases, ``depth`` searches
the smallest amount that is noticed.
"""
