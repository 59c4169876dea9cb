# %% [markdown]
# # Retrain and compare
#
# A newer model beside the one in use: the same injected thefts ranked by both, and what the gate makes of it. Open it
# as a notebook with jupytext, or run it cell by cell in an editor; the tests run it whole. It works on a copy of the
# lake that `ANOMALY_ROOT` names, under the context files of `ANOMALY_CONTEXT` (`anomaly demo` makes both), so it
# changes nothing. `anomaly retrain` does the same on the lake itself and acts on it.

# %%
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pandas as pd

from anomaly.config import Settings
from anomaly.context import Context
from anomaly.injection.routes import NEW
from anomaly.model.registry import EVALUATION, Registry
from anomaly.retrain import retrain
from anomaly.store import Lake

root = Path(os.environ.get("ANOMALY_ROOT", ".demo/lake"))
folder = Path(os.environ.get("ANOMALY_CONTEXT", ".demo/org/context"))
settings = Settings()
settings = replace(settings, retrain=replace(settings.retrain, gate_days=3, campaigns=200))
aside = tempfile.TemporaryDirectory()
lake = Lake(Path(aside.name) / "lake")
shutil.copytree(root, lake.root)
context = Context.load(folder, settings.detection)

# %% [markdown]
# ## Train a challenger and try it against the champion
# The last three days before the newest are kept from the challenger.

# %%
found = retrain(lake, context, settings)
print(
    f"version {found.trained.version} learnt until {found.trained.until}; "
    f"compared on {found.days[0]} to {found.days[-1]}"
)
for line in (*found.notes, *(found.decision.why if found.decision else ())):
    print(f"- {line}")
print(f"in use: version {found.champion}")

# %% [markdown]
# ## Every theft, ranked by both
# One row a theft: its place among the actors of its day, 1 = most unusual.

# %%
path = max((Registry(lake.root).artifacts).rglob("gate.json"), key=lambda each: each.stat().st_mtime)
pairs = pd.DataFrame(pd.read_json(path, typ="series")["pairs"])
for side in ("champion", "challenger"):
    pairs[side] = [standing["rank"] for standing in pairs[side]]
print(pairs.sort_values("taken", ascending=False).head(10).to_string(index=False))

# %% [markdown]
# ## Where each finds them
# Share of thefts in the first ten of their day, by who takes and over which way. Somebody new is easier to see than a
# reader with habits of its own.

# %%
seen = pairs.assign(champion=pairs["champion"] <= 10, challenger=pairs["challenger"] <= 10)
by_way = seen.groupby(["who", "route"])[["champion", "challenger"]].mean()
by_way["thefts"] = seen.groupby(["who", "route"]).size()
print((by_way * [100, 100, 1]).round(0).astype(int).to_string())
newcomers = seen["who"].str.endswith(NEW)
print(f"new callers: {newcomers.sum()} of {len(seen)} thefts, kept in the experiment {EVALUATION!r} of MLflow")

# %% [markdown]
# ## How much must be taken
# The same by amount: a bar is the share that the challenger finds, a caret where the champion stands.

# %%
parts = pd.qcut(pairs["taken"], 6, duplicates="drop")
for part, group in seen.groupby(parts, observed=True):
    champion, challenger = group["champion"].mean(), group["challenger"].mean()
    bar = list("█" * round(40 * challenger) + "·" * (40 - round(40 * challenger)))
    bar[min(39, round(40 * champion))] = "^"
    print(f"up to {part.right / 1e6:10,.1f} MB  {''.join(bar)}  {challenger:4.0%}")
aside.cleanup()
