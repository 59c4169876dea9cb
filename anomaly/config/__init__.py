"""Settings: flags over environment over anomaly.toml over defaults, checked all at once."""

from anomaly.config.settings import Settings, reference

__all__ = ["Settings", "reference"]
