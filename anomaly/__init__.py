"""Tells a company that its data is leaving: cloud-storage logs in, a short ranked list of sessions out.

Data flows one way: logs -> events -> sessions -> features -> scores -> cases -> review.
"""

__version__ = "0.1.0"
