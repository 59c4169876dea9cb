"""What the best ranking could find: attacks of one day compete for its first places, so a short list has a ceiling."""

from collections.abc import Iterable, Mapping

import pandas as pd

Places = dict[int, list[str]]


def ceiling(days_of: Mapping[str, Iterable[int]], top: int) -> float:
    """Share of the attacks that can stand in the top cases of one of their days, were every attack one case.

    Parameters
    ----------
    days_of
        By campaign, the days it was at work; at least one campaign.
    top
        Places a day.

    Returns
    -------
    float
        Largest share of campaigns that find a place, by augmenting paths. Attacks that share a case can do better.
    """
    days = {name: sorted(set(of)) for name, of in days_of.items()}
    taken: Places = {}
    seated = sum(_seat(name, days, top, taken, set()) for name in sorted(days, key=lambda name: len(days[name])))
    return seated / len(days)


def attack_days(truth: pd.DataFrame) -> dict[str, list[int]]:
    """The days on which each planted attack was at work, by campaign; ``truth`` as ``read_truth`` returns it."""
    attacks = truth[truth["kind"] == "attack"]
    return {str(name): [int(day) for day in days] for name, days in attacks.groupby("campaign")["day"]}


def _seat(name: str, days: Mapping[str, list[int]], top: int, taken: Places, tried: set[int]) -> bool:
    """Find a campaign a place on one of its days, moving others to their other days where that makes room."""
    for day in days[name]:
        if day in tried:
            continue
        tried.add(day)
        seats = taken.setdefault(day, [])
        if len(seats) < top:
            seats.append(name)
            return True
        for place, other in enumerate(seats):
            if _seat(other, days, top, taken, tried):
                seats[place] = name
                return True
    return False
