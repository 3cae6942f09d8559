"""Words for what an operation answers: a record or a list, their fields, and how a list comes in pages. Values only."""

from __future__ import annotations

import msgspec


class Whole(msgspec.Struct, frozen=True):
    """The API answers the whole list at once; pages are cut here."""


class Capped(msgspec.Struct, frozen=True):
    """The API takes a limit up to `most` and no offset: what lies beyond `most` cannot be reached, `narrow` says what helps."""

    most: int
    narrow: str
    limit: str = "limit"


class Offset(msgspec.Struct, frozen=True):
    """The API takes limit and offset. `more` names the field that says whether rows follow.

    Without `more` or `total` a page as long as asked for means there may be another; so `most` must be a page size that the
    API's text guarantees.
    """

    most: int
    more: str | None = None
    total: str | None = None
    limit: str = "limit"
    offset: str = "offset"


class Cursor(msgspec.Struct, frozen=True):
    """The API takes an opaque cursor of its own; `next`, `more` and `total` name fields of the answer, as dotted paths."""

    next: str
    more: str | None = None
    total: str | None = None
    cursor: str = "cursor"


Paging = Whole | Capped | Offset | Cursor


class Field(msgspec.Struct, frozen=True):
    """A documented field of a result row. `money` fields are handed on as decimal strings."""

    name: str
    about: str = ""
    money: bool = False


def fields(*names: str, **about: str) -> tuple[Field, ...]:
    """Fields by name; a keyword adds one with a description."""
    return (*(Field(name) for name in names), *(Field(name, text) for name, text in about.items()))


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that need not be told again: their `field` stands as `as_` in an object that a row of `section` lists in `at`."""

    field: str
    section: str
    at: str
    as_: str


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A list inside a record that can grow: `name` at the API, its documented fields; rows are told `unless` they are already."""

    name: str
    fields: tuple[Field, ...]
    unless: Shown | None = None


class Lookup(msgspec.Struct, frozen=True, kw_only=True):
    """The one row of a list whose `field` equals the argument `arg`; the list at `at` is walked page by page."""

    arg: str
    field: str
    at: str
    paging: Paging


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A result that is one object.

    `at` is the dotted path to it in the answer. `head` names the object inside it that holds the record's own fields when
    `sections` stand beside it. `said` opens the text twin when the call changed something. A `tolerant` record may also come
    as a list of one, or without the wrapping that `at` names. A `lookup` finds it in a list, where the API has no endpoint
    for one. `secrets` are fields that the API shows once: they go to the person, past the model. `page` is how many rows of its
    sections a call returns unasked, `most` how many it may ask for.
    """

    noun: str
    fields: tuple[Field, ...]
    at: str = ""
    head: str | None = None
    sections: tuple[Section, ...] = ()
    said: str = ""
    tolerant: bool = False
    secrets: tuple[str, ...] = ()
    lookup: Lookup | None = None
    page: int = 50
    most: int = 200

    @property
    def can_grow(self) -> bool:
        """Whether it comes in pages."""
        return bool(self.sections)


class Joined(msgspec.Struct, frozen=True, kw_only=True):
    """What rows are told beside an id: the field `by` is the id of a row of the list operation `listed` in the same toolset, whose
    `field` they get as `name`.
    """

    by: str
    listed: str
    field: str
    name: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A result that is a list of rows under the name `rows`; `at` is the dotted path to the list in the answer.

    `shown` are the fields that people look at, which a call shows unasked; all there are, where none are named. `joined` adds a
    name to an id. When nothing has the value of the argument `told_when_empty`, the values that rows have are told. `page` is how
    many rows a call returns unasked, `most` how many it may ask for.
    """

    rows: str
    fields: tuple[Field, ...]
    shown: tuple[str, ...] = ()
    joined: Joined | None = None
    told_when_empty: str = ""
    paging: Paging
    at: str = ""
    page: int = 50
    most: int = 200

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields that rows may have."""
        return self.fields if self.joined is None else (*self.fields, Field(self.joined.name))

    @property
    def can_grow(self) -> bool:
        """Whether it comes in pages."""
        return True
