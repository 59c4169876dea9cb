"""Campaigns that only Azure shows: a replication policy, a public container, a signature, a disk, logs switched off."""

from collections.abc import Callable
from typing import Any

from anomaly.simulate import multicloud_thefts as common
from anomaly.simulate.azure import signature
from anomaly.simulate.azure_pen import AzurePen
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.deeds import Act, Deed, haul
from anomaly.simulate.draw import Rng, choose, hexes, uuid, whole
from anomaly.simulate.multicloud import Hand, Who, outside_address
from anomaly.simulate.multicloud_life import read_all
from anomaly.simulate.multicloud_thefts import Stage
from anomaly.simulate.wire import Log

STORAGE = "Microsoft.Storage/storageAccounts"


def replication(stage: Stage, draw: Rng) -> Deed:
    """S05: a replication policy towards a foreign account."""
    who, source, target = choose(draw, stage.home.staff), stage.sensitive(draw), stage.home.stranger
    act = _replicates(stage, who, source, target, uuid(hexes(draw, 32)))
    return Deed(f"{who.name} replicates {source.name} to the foreign account {target.account}", act)


def own_replication(stage: Stage, draw: Rng) -> Deed:
    """Benign: a replication policy towards our own backup account."""
    who, source, target = choose(draw, stage.home.staff), stage.home.bucket("invoices"), stage.home.bucket("backups")
    act = _replicates(stage, who, source, target, uuid(hexes(draw, 32)))
    return Deed(f"{who.name} replicates {source.name} to our account {target.account}", act)


def _replicates(stage: Stage, who: Who, source: Bucket, target: Bucket, rule: str) -> Act:
    sides = {"sourceAccount": source.account, "destinationAccount": target.account}
    rules = [{"ruleId": rule, "sourceContainer": _container(source), "destinationContainer": _container(target)}]
    body = {"properties": sides | {"rules": rules}}

    def act(log: Log) -> None:
        pen = AzurePen(stage.home, log)
        resource = f"{pen.resource(source)}/objectReplicationPolicies/{rule}"
        pen.act(
            stage.hand(log, who), f"{STORAGE}/objectReplicationPolicies/write", resource, stage.start(log, who), body
        )
        log.amend(bucket=source.name, destination=f"{target.account}/{target.name}")

    return act


def let_in(stage: Stage, draw: Rng) -> Deed:
    """S08: a role on a storage account for a guest."""
    who, bucket, guest = choose(draw, stage.home.staff), stage.sensitive(draw), uuid(hexes(draw, 32))
    reader = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"  # built-in role Storage Blob Data Reader

    def act(log: Log) -> None:
        pen = AzurePen(stage.home, log)
        name = "Microsoft.Authorization/roleAssignments"
        resource = f"{pen.resource(bucket)}/providers/{name}/{uuid(hexes(log.draw, 32))}"
        body = {"Id": resource.rpartition("/")[2], "Properties": {"PrincipalId": guest, "RoleDefinitionId": reader}}
        pen.act(stage.hand(log, who), f"{name}/write", resource, stage.start(log, who), body)
        log.amend(bucket=bucket.name)

    return Deed(f"{who.name} gives the guest {guest} a reader's role on {bucket.account}", act)


def made_public(stage: Stage, draw: Rng) -> Deed:
    """S09: a container that everybody may read."""
    who, bucket = choose(draw, stage.home.staff), stage.sensitive(draw)

    def act(log: Log) -> None:
        pen = AzurePen(stage.home, log)
        resource = f"{pen.resource(bucket)}/blobServices/default/containers/{_container(bucket)}"
        body = {"properties": {"publicAccess": "Container"}}
        pen.act(stage.hand(log, who), f"{STORAGE}/blobServices/containers/write", resource, stage.start(log, who), body)
        log.amend(bucket=bucket.name, destination="public")

    return Deed(f"{who.name} makes {bucket.name} public", act)


def signed_out(stage: Stage, draw: Rng) -> Deed:
    """S10: a colleague reads the account's keys; a signature nobody knows then reads from a rented address."""
    who, bucket, most = choose(draw, stage.home.staff), stage.sensitive(draw), whole(draw, 400, 100)
    thief = Hand(signature(draw, "unknown"), outside_address(stage.home.org, draw), stage.agents["partner"])

    def act(log: Log) -> None:
        pen, start = AzurePen(stage.home, log), stage.start(log, who)
        pen.act(stage.hand(log, who), f"{STORAGE}/listKeys/action", pen.resource(bucket), start)
        log.amend(bucket=bucket.name)
        pen.list(thief, bucket, start + 900)
        read_all(pen, thief, bucket, haul(bucket, log.draw, log.day, most=most), start + 903, 0.8)

    return Deed(f"{who.name} signs a link to {bucket.name} that is used from {thief.address}", act)


def _container(bucket: Bucket) -> str:
    return bucket.name.partition("/")[2]


def disk(stage: Stage, draw: Rng) -> Deed:
    """S21: a link to a disk."""
    who, name = choose(draw, stage.home.staff), f"vm-db-{hexes(draw, 4)}_OsDisk"

    def act(log: Log) -> None:
        pen = AzurePen(stage.home, log)
        resource = f"/subscriptions/{pen.subscription}/resourceGroups/vms/providers/Microsoft.Compute/disks/{name}"
        body = {"access": "Read", "durationInSeconds": 86_400}
        when = stage.start(log, who)
        pen.act(stage.hand(log, who), "Microsoft.Compute/disks/beginGetAccess/action", resource, when, body)

    return Deed(f"{who.name} asks for a link to the disk {name}", act)


def blinded(stage: Stage, draw: Rng) -> Deed:
    """S23: the account's logs are switched off, after a first look that they still hold."""
    who, bucket = choose(draw, stage.home.staff), stage.sensitive(draw)

    def act(log: Log) -> None:
        pen, hand, start = AzurePen(stage.home, log), stage.hand(log, who), stage.start(log, who)
        pen.list(hand, bucket, start)
        read_all(pen, hand, bucket, haul(bucket, log.draw, log.day, most=40), start + 3, 1.0)
        name = "Microsoft.Insights/diagnosticSettings"
        resource = f"{pen.resource(bucket)}/blobServices/default/providers/{name}/to-archive"
        pen.act(hand, f"{name}/delete", resource, start + 240)

    return Deed(f"{who.name} switches off the logs of {bucket.account}", act)


def rotated(stage: Stage, draw: Rng) -> Deed:
    """Benign: an account gets a new key, as it does now and then."""
    who, bucket = choose(draw, stage.home.staff), stage.home.bucket("app-assets")
    body: dict[str, Any] = {"keyName": "key2"}

    def act(log: Log) -> None:
        pen, when = AzurePen(stage.home, log), stage.start(log, who)
        pen.act(stage.hand(log, who), f"{STORAGE}/regenerateKey/action", pen.resource(bucket), when, body)

    return Deed(f"{who.name} rotates a key of {bucket.account}", act)


ATTACKS: dict[str, Callable[[Stage, Rng], Deed]] = {
    "S01": common.bulk,
    "S04": common.copied,
    "S05": replication,
    "S08": let_in,
    "S09": made_public,
    "S10": signed_out,
    "S12": lambda stage, draw: common.carried(stage, draw, stage.home.machine("etl")),
    "S21": disk,
    "S23": blinded,
}
LOOKALIKES: dict[str, Callable[[Stage, Rng], Deed]] = {
    "own-copy": common.moved,
    "quarter-end": common.exported,
    "partner-catch-up": common.caught_up,
    "own-replication": own_replication,
    "key-rotation": rotated,
}
