"""A whole evaluation: every organisation replayed, judged, written down and kept in MLflow."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from anomaly.config import Settings
from anomaly.evaluate import report
from anomaly.evaluate.ablation import ablation
from anomaly.evaluate.misses import misses
from anomaly.evaluate.page import page
from anomaly.evaluate.poison import QuietPlan, poison
from anomaly.evaluate.replay import Replay, replay
from anomaly.evaluate.report_extras import extra_parts, extras_dict
from anomaly.evaluate.result import Result, metrics, result
from anomaly.evaluate.world import Plan, code_digest, open_world
from anomaly.model.registry import Registry
from anomaly.score import spec_for, sql_digest
from anomaly.store import replacing

Say = Callable[[str], None]


@dataclass(frozen=True)
class Written:
    """An evaluation as text: what stands in evaluation.json, evaluation.md, misses.md and evaluation.html."""

    result: Result
    json: str
    markdown: str
    misses: str
    html: str


def run(
    out: Path,
    plans: Sequence[Plan],
    settings: Settings,
    *,
    fresh: bool = False,
    with_ablation: bool = False,
    insiders_in: Sequence[QuietPlan] = (),
    say: Say,
) -> Written:
    """Evaluate on these organisations and write the result into ``out``.

    Parameters
    ----------
    with_ablation
        Also fit the model without each family and signal in turn.
    insiders_in
        Organisations in which patient insiders are tried, drawn below ``out/poison``.

    Raises
    ------
    UsageError
        A working folder holds something that no evaluation put there.
    """
    replays = [_replay(out, plan, settings, fresh, say) for plan in plans]
    found = result(replays, settings.score.budget_per_day)
    ablated = ablation(replays, spec_for(settings), say) if with_ablation else None
    poisoned = poison(out / "poison", insiders_in, settings, fresh=fresh, say=say) if insiders_in else None
    text = json.dumps(report.as_dict(found) | extras_dict(ablated, poisoned), indent=1)
    markdown = "\n".join([report.markdown(found), *(part + "\n" for part in extra_parts(ablated, poisoned))])
    written = Written(found, text, markdown, misses(replays), page(found, ablated, poisoned))
    files = {
        "evaluation.json": written.json,
        "evaluation.md": written.markdown,
        "misses.md": written.misses,
        "evaluation.html": written.html,
    }
    for name, content in files.items():
        with replacing(out / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    Registry(out).log_evaluation(metrics(found), _params(plans, settings), [out / name for name in files])
    return written


def _replay(out: Path, plan: Plan, settings: Settings, fresh: bool, say: Say) -> Replay:
    start = time.monotonic()

    def tell(text: str) -> None:
        say(f"seed {plan.seed}, {time.monotonic() - start:.0f} s: {text}")

    tell("drawing and ingesting")
    world = open_world(out, plan, fresh=fresh)
    return replay(world, settings, tell)


def _params(plans: Sequence[Plan], settings: Settings) -> dict[str, str]:
    return {
        "seeds": ", ".join(str(plan.seed) for plan in plans),
        "days": str(plans[0].days),
        "scale": str(plans[0].scale),
        "attack_from": str(plans[0].attack_from),
        "budget_per_day": str(settings.score.budget_per_day),
        "model": settings.train.model,
        "features_sql": sql_digest(),
        "drawn_and_read_by": code_digest(),
    }
