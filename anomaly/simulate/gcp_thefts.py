"""Campaigns that only Google Cloud shows: a transfer job, an outside member, everybody let in, a key carried off."""

from collections.abc import Callable

from anomaly.simulate import multicloud_thefts as common
from anomaly.simulate.buckets import Bucket
from anomaly.simulate.deeds import Act, Deed, haul
from anomaly.simulate.draw import Rng, choose, hexes, whole
from anomaly.simulate.gcp_pen import STORAGE, GcpPen
from anomaly.simulate.multicloud import Hand, Who
from anomaly.simulate.multicloud_thefts import Stage
from anomaly.simulate.wire import Log

TRANSFER = "google.storagetransfer.v1.StorageTransferService.CreateTransferJob"
DELTA = "type.googleapis.com/google.iam.v1.logging.AuditData"
TRANSFER_AGENT = "Google-Storage-Transfer-Service"


def transfer_job(stage: Stage, draw: Rng) -> Deed:
    """S05: a colleague sets up a transfer job into somebody else's bucket; the service reads for it."""
    who, source, target = choose(draw, stage.home.staff), stage.sensitive(draw), stage.home.stranger
    act = _transfer(stage, who, source, target, whole(draw, 200, 60))
    return Deed(f"{who.name} sets up a transfer of {source.name} to {target.name}", act)


def own_transfer(stage: Stage, draw: Rng) -> Deed:
    """Benign: a transfer job into our own backup bucket."""
    who, source, target = choose(draw, stage.home.staff), stage.home.bucket("invoices"), stage.home.bucket("backups")
    act = _transfer(stage, who, source, target, whole(draw, 200, 60))
    return Deed(f"{who.name} sets up a transfer of {source.name} to our {target.name}", act)


def _transfer(stage: Stage, who: Who, source: Bucket, target: Bucket, most: int) -> Act:
    # the service has one agent a project
    number = whole(stage.home.draw("transfer", source.account), 10**12, 10**11)
    service = Who("transfer", f"project-{number}@storage-transfer-service.iam.gserviceaccount.com", "service")

    def act(log: Log) -> None:
        pen, hand, start = GcpPen(stage.home, log), stage.hand(log, who), stage.start(log, who)
        spec = {
            "gcsDataSource": {"bucketName": source.name},
            "gcsDataSink": {"bucketName": target.name},
        }
        job = {"projectId": source.account, "status": "ENABLED", "transferSpec": spec}
        labels = {"type": "audited_resource", "project_id": source.account, "method": TRANSFER}
        labels |= {"service": "storagetransfer.googleapis.com"}
        name = f"projects/{source.account}"
        pen.act(hand, labels["service"], TRANSFER, name, labels, start, request={"transferJob": job})
        log.amend(bucket=source.name, destination=f"{target.account}/{target.name}")
        worker = Hand(service, "gce-internal-ip", TRANSFER_AGENT)
        for i, (key, _) in enumerate(haul(source, log.draw, log.day, most=most)):
            pen.copy(worker, source, key, target, start + 90 + 0.3 * i)

    return act


def let_in(stage: Stage, draw: Rng, outsider: str) -> Deed:
    """S08, S09: a member from outside, or everybody, may read a bucket."""
    who, bucket = choose(draw, stage.home.staff), stage.sensitive(draw)
    where = "public" if outsider.startswith("all") else outsider.rpartition("@")[2]

    def act(log: Log) -> None:
        pen, hand, start = GcpPen(stage.home, log), stage.hand(log, who), stage.start(log, who)
        pen.list(hand, bucket, start)
        grant(pen, hand, bucket, outsider, start + 40)
        log.amend(destination=where)

    return Deed(f"{who.name} lets {outsider} read {bucket.name}", act)


def grant(pen: GcpPen, hand: Hand, bucket: Bucket, member: str, when: float) -> None:
    """One change of a bucket's policy."""
    delta = {"action": "ADD", "role": "roles/storage.objectViewer", "member": member}
    labels = {"type": "gcs_bucket", "project_id": bucket.account, "bucket_name": bucket.name, "location": bucket.region}
    added = {"@type": DELTA, "policyDelta": {"bindingDeltas": [delta]}}
    resource = f"projects/_/buckets/{bucket.name}"
    pen.act(hand, STORAGE, "storage.setIamPermissions", resource, labels, when, serviceData=added)


def own_member(stage: Stage, draw: Rng) -> Deed:
    """Benign: a colleague lets another colleague read a bucket."""
    who, other, bucket = choose(draw, stage.home.staff), choose(draw, stage.home.staff), stage.home.bucket("invoices")

    def act(log: Log) -> None:
        start = stage.start(log, who)
        grant(GcpPen(stage.home, log), stage.hand(log, who), bucket, f"user:{other.identity}", start)

    return Deed(f"{who.name} lets a colleague read {bucket.name}", act)


def rotated(stage: Stage, draw: Rng) -> Deed:
    """Benign: a job gets a new key, as it does now and then."""
    who, job = choose(draw, stage.home.staff), stage.home.machine("etl")

    def act(log: Log) -> None:
        project = stage.home.accounts[0].id
        name, method = f"projects/-/serviceAccounts/{job.identity}", "google.iam.admin.v1.CreateServiceAccountKey"
        labels = {"type": "service_account", "project_id": project, "email_id": job.identity}
        answer = {"name": f"{name}/keys/{hexes(log.draw, 40)}"}
        hand, start = stage.hand(log, who), stage.start(log, who)
        GcpPen(stage.home, log).act(hand, "iam.googleapis.com", method, name, labels, start, response=answer)

    return Deed(f"{who.name} rotates the key of {job.name}", act)


ATTACKS: dict[str, Callable[[Stage, Rng], Deed]] = {
    "S01": common.bulk,
    "S04": common.copied,
    "S05": transfer_job,
    "S08": lambda stage, draw: let_in(stage, draw, f"user:{hexes(draw, 7)}@freemail.example"),
    "S09": lambda stage, draw: let_in(stage, draw, "allUsers"),
    "S12": lambda stage, draw: common.carried(stage, draw, stage.home.machine("etl")),
}
LOOKALIKES: dict[str, Callable[[Stage, Rng], Deed]] = {
    "own-copy": common.moved,
    "quarter-end": common.exported,
    "partner-catch-up": common.caught_up,
    "own-transfer": own_transfer,
    "own-member": own_member,
    "key-rotation": rotated,
}
