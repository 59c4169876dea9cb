"""The other clouds put together: what they add to the organisation, and their campaigns with their days."""

from collections.abc import Callable, Sequence

from anomaly.simulate import azure, azure_thefts, gcp, gcp_thefts
from anomaly.simulate.deeds import Campaign, Deed
from anomaly.simulate.draw import Rng, rng
from anomaly.simulate.forms import AZURE, GCP
from anomaly.simulate.multicloud import Estate
from anomaly.simulate.multicloud_thefts import Stage
from anomaly.simulate.network import Site
from anomaly.simulate.org import Org
from anomaly.simulate.plan import deal, open_days

Make = Callable[[Stage, Rng], Deed]
CLOUDS = {GCP: (gcp, gcp_thefts), AZURE: (azure, azure_thefts)}


def scenarios(sources: Sequence[str]) -> frozenset[str]:
    """The scenario ids that can be planted in the other clouds among the sources."""
    return frozenset(name for source in sources if source in CLOUDS for name in CLOUDS[source][1].ATTACKS)


def join(org: Org, attacks: Sequence[str] | None, attack_from: int) -> list[Campaign]:
    """Let the clouds among the sources join the organisation, and plan what happens there.

    Call it when everything else is drawn: it adds actors, workflows, networks and rows of the context files.

    Parameters
    ----------
    attacks
        Scenario ids wanted, of which those that a cloud does not know are left to others; None for all.
    attack_from
        Day index from 0; attacks happen on this day or later, and not on the days that the plan keeps quiet.
    """
    planned: list[Campaign] = []
    days = open_days(rng(org.seed, "plan"), range(attack_from, org.days))
    for source, (cloud, thefts) in CLOUDS.items():
        if source not in org.sources:
            continue
        estate = cloud.estate(org)
        residents = cloud.residents(estate)
        _settle(org, estate)
        org.actors += residents
        org.workflows += cloud.workflows(estate)
        stage = Stage(estate, cloud.pen, {one.who.name: one.agent for one in residents})
        wanted = {name: make for name, make in thefts.ATTACKS.items() if attacks is None or name in attacks}
        planned += [_lookalike(stage, name, make) for name, make in thefts.LOOKALIKES.items()]
        turns = deal(rng(org.seed, "plan", source), thefts.ATTACKS, days) if days else []
        planned += [_campaign(stage, name, "attack", day, wanted[name]) for name, day in turns if name in wanted]
    return planned


def _settle(org: Org, estate: Estate) -> None:
    """Tell the context files of the estate; ``stranger`` stands in none."""
    org.sites.append(Site(f"{estate.subnet}.0.0/16", f"vpc-{estate.cloud}", "vpc"))
    papers = org.more_papers
    papers.setdefault("inventory.csv", []).extend(
        (b.name, estate.cloud, b.account, b.sensitivity, f"{b.owner}@{org.name}.example") for b in estate.buckets
    )
    papers.setdefault("accounts.csv", []).extend((estate.cloud, a.id, a.label, a.relation) for a in estate.accounts)


def _lookalike(stage: Stage, name: str, make: Make) -> Campaign:
    org = stage.home.org
    day = int(stage.home.draw("day", name).integers(org.days // 2, org.days))
    return _campaign(stage, name, "benign", day, make)


def _campaign(stage: Stage, name: str, kind: str, day: int, make: Make) -> Campaign:
    home = stage.home
    mark = f"{name}-{home.cloud}-{home.org.seed}"
    return Campaign(mark, name, kind, (day,), make(stage, home.draw("deed", name)))
