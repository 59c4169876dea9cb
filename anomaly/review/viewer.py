"""Who looks, what they may do, and which cases they may see."""

import enum
from dataclasses import dataclass

import sqlalchemy as sa

from anomaly.errors import ForbiddenError
from anomaly.review.record import term_key
from anomaly.review.schema import case_terms, cases, terms


class Role(enum.IntEnum):
    """What a person may do; each may do what those before it may."""

    VIEWER = 1
    ANALYST = 2
    ADMIN = 3

    @property
    def word(self) -> str:
        """The role as people write it."""
        return self.name.lower()


ROLES = tuple(role.word for role in Role)


@dataclass(frozen=True)
class Viewer:
    """A person who is signed in.

    ``owns`` are owners as the inventory names them: who has any is a data owner and sees only cases on their buckets.
    """

    name: str
    role: Role
    owns: tuple[str, ...] = ()

    def must_be(self, role: Role, wish: str) -> None:
        """Raise ForbiddenError, which says the wish and the role it takes, unless the person may."""
        if self.role < role:
            raise ForbiddenError(f"{self.name} is {self.role.word} and may not {wish}; that takes the role {role.word}")


def may_see(viewer: Viewer) -> sa.ColumnElement[bool]:
    """Return the condition on ``cases`` that holds for those which the person may see."""
    if not viewer.owns:
        return sa.true()
    owned = (
        sa.select(case_terms.c.sort_key)
        .join(terms, terms.c.id == case_terms.c.term_id)
        .where(terms.c.key.in_([term_key("owner", owner) for owner in viewer.owns]))
        .where(case_terms.c.sort_key == cases.c.sort_key)
    )
    return sa.exists(owned)
