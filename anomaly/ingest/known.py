"""Every log format there is a reader for, in the order in which a file's content is compared with them."""

from anomaly.ingest.azure import FORMAT as AZURE
from anomaly.ingest.azure_flow import FORMAT as AZURE_FLOW
from anomaly.ingest.cloudtrail import FORMAT as CLOUDTRAIL
from anomaly.ingest.formats import Format
from anomaly.ingest.gcp import FORMAT as GCP
from anomaly.ingest.s3_access import FORMAT as S3_ACCESS
from anomaly.ingest.vpc_flow import FORMAT as VPC_FLOW

FORMATS: tuple[Format, ...] = (CLOUDTRAIL, VPC_FLOW, S3_ACCESS, AZURE_FLOW, AZURE, GCP)
"""The first also takes what shows no format at all, to say what is wrong with it."""
