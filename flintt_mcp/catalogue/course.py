"""Words for work that takes long: how a record of an API tells where it stands, and which call begins it. Values only."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """How work goes, as the record of a reading operation tells it, whose argument `arg` says which.

    `noun` is its name as an argument of wait_for. Its field `status` is compared in any case: states of `done` and `failed` end
    it, in one of `person` it waits for a person to do what that maps to, and in any other it goes on. `told` are fields that say
    how far it is, `then` and `after_failure` what to do when it is over. `pause` is the seconds between two looks.
    """

    noun: str
    arg: str
    done: tuple[str, ...]
    failed: tuple[str, ...]
    person: Mapping[str, str] = {}
    told: tuple[str, ...] = ()
    then: str = ""
    after_failure: str = ""
    status: str = "status"
    pause: float = 5.0


class Long(msgspec.Struct, frozen=True, kw_only=True):
    """A call that begins such work: the operation `of` the same toolset shows it, by the field `id` of this call's record."""

    of: str
    id: str = "id"
