"""The scheduled job: one command a night, from new logs to a report, that may be killed and run again at any moment."""
