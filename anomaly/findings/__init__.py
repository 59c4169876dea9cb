"""The findings of a scored day as plain documents: what the sinks send and the review page keeps."""

from anomaly.findings.build import SCHEMA, Finding, documents

__all__ = ["SCHEMA", "Finding", "documents"]
