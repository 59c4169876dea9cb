"""The review: published cases, who looked at them, and what they said. Its database is its own, never the lake's."""
