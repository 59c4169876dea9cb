"""Why a campaign ranked where it did: the session that ranked best, its strongest signals, and what ranked before it.

For those who write features; it reads the answers, so nothing here may find its way into a score.
"""

from collections.abc import Iterable, Sequence

import pandas as pd

from anomaly.evaluate.outcome import FOUND_RANK, campaign_days, campaigns
from anomaly.evaluate.replay import OURS, WINDOWS, Replay
from anomaly.evaluate.report import table
from anomaly.evaluate.truth import day_text

STRONGEST = 5
HEADER = (
    "campaign",
    "best rank",
    "rivals",
    "expected a day",
    "best day",
    "who",
    "headline family",
    "strongest signals",
)
SHOWN_RANK = 3
LOUD = 0.5
"""A signal above this, in nats or log units, says something: a factor of 1.6."""
DRIFT, RARE = 3.0, 0.001
"""Three times as often is drift; shares below one in a thousand count as one in a thousand."""
FIRST_HEADER = ("seed", "day", "rank", "who", "headline")
DRIFT_HEADER = ("signal", *(f"{window} days" for window in WINDOWS))
CROWD_HEADER = ("headline family", "places in the top 10", "of them look-alikes")


def misses(replays: Sequence[Replay]) -> str:
    """Every planted attack, worst first, with the five highest signals of its best session; then the queue's crowd."""
    rows = [row for replay in replays for row in _rows(replay)]
    rows.sort(key=lambda row: (-row[0], row[1]))
    parts = ["## Every attack, worst ranked first", table(HEADER, (cells for _, cells in rows))]
    crowd = _crowd(replays)
    parts += ["## What else stood in the top 10", table(CROWD_HEADER, _families(crowd))]
    parts += [f"## The first {SHOWN_RANK} of them, day by day", table(FIRST_HEADER, _first_places(crowd))]
    parts += [
        "## Signals that speak in another share of the sessions than before",
        table(DRIFT_HEADER, _drift(replays)),
    ]
    return "\n\n".join(parts) + "\n"


def strongest(signals: pd.Series, count: int = STRONGEST) -> str:
    """Name the highest signals of a session that are above 0: ``volume_bytes_own 3.2, …``."""
    highest = signals[signals > 0].astype(float).nlargest(count)
    return ", ".join(f"{name} {value:.1f}" for name, value in highest.items()) or "none above 0"


def _rows(replay: Replay) -> Iterable[tuple[float, tuple[str, ...]]]:
    of = {name: campaigns(campaign_days(replay.truth, replay.matches, queue)) for name, queue in replay.queues.items()}
    ranks = {name: found.set_index("campaign")["best_rank"] for name, found in of.items()}
    scores = replay.scores.set_index("session_id")
    for _, row in of[OURS][of[OURS]["kind"] == "attack"].iterrows():
        rivals = " ".join(_rank(float(ranks[name][row["campaign"]])) for name in ranks if name != OURS)
        seen = isinstance(row["session_id"], str)
        score = scores.loc[row["session_id"]] if seen else None
        yield (
            float(row["best_rank"]),
            (
                f"{replay.seed}/{row['campaign']}",
                _rank(float(row["best_rank"])),
                rivals,
                "-" if score is None else f"{score['expected_per_day']:.2g}",
                day_text(row["best_day"]),
                "no session matched" if score is None else _short(str(score["actor"])),
                "-" if score is None else f"{score['family']}{' (covered)' if score['covered'] else ''}",
                "-" if score is None else strongest(replay.signals.loc[row["session_id"]]),
            ),
        )


def _crowd(replays: Sequence[Replay]) -> pd.DataFrame:
    """The cases that stood in a day's top 10 and hold no attack, each told by its most unusual session."""
    parts = []
    for replay in replays:
        kinds = replay.truth.drop_duplicates("campaign").set_index("campaign")["kind"]
        marked = replay.matches.assign(kind=replay.matches["campaign"].map(kinds))
        attacks, harmless = (marked.loc[marked["kind"] == kind, "session_id"] for kind in ("attack", "benign"))
        cases = replay.scores[replay.scores["case_rank"] <= FOUND_RANK].sort_values("rank")
        cases = cases.assign(attack=cases["session_id"].isin(attacks), look_alike=cases["session_id"].isin(harmless))
        best = cases.groupby(["day", "case_rank"], as_index=False).agg(
            actor=("actor", "first"),
            family=("family", "first"),
            headline=("headline", "first"),
            attack=("attack", "max"),
            look_alike=("look_alike", "max"),
        )
        parts.append(best[~best["attack"]].assign(seed=replay.seed))
    return pd.concat(parts, ignore_index=True)


def _families(crowd: pd.DataFrame) -> list[tuple[str, str, str]]:
    counts = crowd.groupby("family").agg(places=("look_alike", "size"), look_alikes=("look_alike", "sum"))
    counts = counts.sort_values("places", ascending=False)
    return [(str(family), str(row["places"]), str(row["look_alikes"])) for family, row in counts.iterrows()]


def _first_places(crowd: pd.DataFrame) -> Iterable[tuple[str, ...]]:
    rows = crowd[crowd["case_rank"] <= SHOWN_RANK].sort_values(["seed", "day", "case_rank"])
    for _, row in rows.iterrows():
        mark = " (look-alike)" if row["look_alike"] else ""
        where = (str(row["seed"]), day_text(row["day"]), str(row["case_rank"]))
        yield (*where, _short(str(row["actor"])) + mark, str(row["headline"]))


def _drift(replays: Sequence[Replay]) -> list[tuple[str, ...]]:
    """Signals that speak up much more often in the scored days than in the days that the alert budget rests on."""
    signals = pd.concat([replay.signals.loc[replay.windows.index] for replay in replays])
    windows = pd.concat([replay.windows for replay in replays]).to_numpy()
    shares = {window: (signals[windows == window] > LOUD).mean() for window in WINDOWS}
    gains = (shares["scored"] + RARE) / (shares["calibration"] + RARE)
    names = sorted((str(name) for name in signals.columns), key=lambda name: -float(gains[name]))
    drifted = [name for name in names if not 1 / DRIFT <= float(gains[name]) <= DRIFT]
    return [(name, *(f"{float(shares[window][name]):.2%}" for window in WINDOWS)) for name in drifted]


def _rank(value: float) -> str:
    return f"{value:.0f}" if value != float("inf") else "none"


def _short(actor: str) -> str:
    """The end of an arn, where the name is."""
    return actor.split(":")[-1][-48:]
