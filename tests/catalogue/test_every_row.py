"""What must hold for every row of every API, also for those that are still to come."""

from __future__ import annotations

import pytest

from flintt_mcp.catalogue import APIS, TOOLSETS
from flintt_mcp.catalogue.argument import AnyOf, InOrder, Kind, Needs, NotBoth, Place, Route
from flintt_mcp.catalogue.operation import Api, Operation
from flintt_mcp.catalogue.result import Capped, Cursor, Listing, Offset, Record
from flintt_mcp.rest.described import arguments_of
from tests.case_files import every_operation
from tests.catalogue import MAKES_WHAT_IS_MISSING

PAGING_NAMES = {"limit", "cursor"}

each_operation = pytest.mark.parametrize(
    "operation", [operation for _, operation in every_operation()], ids=lambda operation: operation.name
)
each_api = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


def _given_for_sure(operation: Operation, route: Route, name: str) -> bool:
    """Whether `name` is there whenever `route` is called."""
    if any(arg.name == name and arg.required for arg in operation.args):
        return True
    needs = {(rule.name, rule.other) for rule in operation.rules if isinstance(rule, Needs)}
    return bool(route.when) and all(when == name or (when, name) in needs for when in route.when)


@each_operation
def test_every_path_parameter_is_an_argument_that_is_given_for_sure(operation: Operation) -> None:
    for route in operation.routes:
        unsure = [name for name in route.fields if not _given_for_sure(operation, route, name)]
        assert unsure == [], f"{route.path} cannot be filled without {unsure}"


@each_operation
def test_every_path_argument_stands_in_a_path_and_is_never_empty(operation: Operation) -> None:
    in_paths = {name for route in operation.routes for name in route.fields}
    assert {arg.name for arg in operation.args if arg.place is Place.PATH} <= in_paths
    assert [
        arg.name for arg in operation.args if arg.name in in_paths and not (arg.choices or (arg.low or 0) >= 1)
    ] == []


@each_operation
def test_only_the_last_route_always_fits(operation: Operation) -> None:
    assert [bool(route.when) for route in operation.routes] == [True] * (len(operation.routes) - 1) + [False]


@each_operation
def test_every_route_starts_at_the_base_url(operation: Operation) -> None:
    assert [route.path for route in operation.routes if not route.path.startswith("/") or "?" in route.path] == []


@each_operation
def test_the_method_of_every_route_fits_the_effect(operation: Operation) -> None:
    reads = operation.effect.reads or operation.name == MAKES_WHAT_IS_MISSING
    assert {route.method == "GET" for route in operation.routes} == {reads}


@each_operation
def test_every_rule_and_every_when_names_arguments_of_the_operation(operation: Operation) -> None:
    named = {name for route in operation.routes for name in route.when}
    for rule in operation.rules:
        match rule:
            case Needs(name=name, other=other):
                named |= {name, other}
            case AnyOf(names=names):
                named |= set(names)
            case NotBoth(one=one, other=other):
                named |= {one, other}
            case InOrder(first=first, last=last):
                named |= {first, last}
    assert named - {arg.name for arg in operation.args} == set()


@each_operation
def test_arguments_are_named_once_and_paging_is_not_theirs(operation: Operation) -> None:
    names = [arg.name for arg in operation.args]
    assert len(names) == len(set(names))
    assert PAGING_NAMES.isdisjoint(names)
    wire = [(arg.place, arg.wire_name) for arg in operation.args]
    assert len(wire) == len(set(wire))


@each_operation
def test_what_pages_takes_a_limit_and_a_cursor_and_nothing_else_does(operation: Operation) -> None:
    pages = isinstance(operation.result, Listing) or bool(operation.result.sections)
    names = {arg.name for arg in arguments_of(operation)}
    assert PAGING_NAMES & names == (PAGING_NAMES if pages else set())


@each_operation
def test_no_filter_bears_the_name_of_a_parameter_that_paging_sends(operation: Operation) -> None:
    result = operation.result
    pagings = [route.paging for route in operation.routes if route.paging]
    pagings += [result.paging] if isinstance(result, Listing) else []
    sent: set[str] = set()
    for paging in pagings:
        match paging:
            case Capped(limit=limit):
                sent.add(limit)
            case Offset(limit=limit, offset=offset):
                sent |= {limit, offset}
            case Cursor(cursor=cursor):
                sent.add(cursor)
    assert sent & {arg.wire_name for arg in operation.args if arg.place is Place.QUERY} == set()


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        pytest.param(operation, operation.result, id=operation.name)
        for _, operation in every_operation()
        if isinstance(operation.result, Listing)
    ],
)
def test_a_page_is_never_larger_than_the_api_gives(operation: Operation, result: Listing) -> None:
    assert 1 <= result.page <= result.most
    for paging in [result.paging, *(route.paging for route in operation.routes)]:
        if isinstance(paging, Capped | Offset):
            assert result.most <= paging.most


@each_operation
def test_only_a_text_in_the_body_can_be_cleared(operation: Operation) -> None:
    clearing = [arg for arg in operation.args if arg.clears]
    assert [
        arg.name for arg in clearing if (arg.place, arg.kind) != (Place.BODY, Kind.TEXT) or arg.low or arg.choices
    ] == []


@each_operation
def test_a_whole_body_stands_alone(operation: Operation) -> None:
    places = [arg.place for arg in operation.args]
    assert places.count(Place.WHOLE_BODY) <= 1
    assert not (Place.WHOLE_BODY in places and Place.BODY in places)
    assert not (operation.effect.reads and {Place.WHOLE_BODY, Place.BODY} & set(places))


@each_operation
def test_what_changes_something_says_so(operation: Operation) -> None:
    result = operation.result
    assert isinstance(result, Listing) or bool(result.said) is not operation.effect.reads
    if isinstance(result, Record) and result.said:
        assert result.said.endswith(".")


@each_operation
def test_no_field_is_documented_twice_or_hidden_by_the_frame_of_a_result(operation: Operation) -> None:
    result = operation.result
    parts = [result.fields, *(section.fields for section in getattr(result, "sections", ()))]
    for part in parts:
        names = [field.name for field in part]
        assert len(names) == len(set(names))
    frame = {"count", "complete", "total", "left_out", "next_cursor", "note"}
    outer = [result.rows] if isinstance(result, Listing) else [result.noun, *(part.name for part in result.sections)]
    assert len(outer) == len(set(outer))
    assert frame.isdisjoint(outer)


def test_toolsets_and_apis_have_names_of_their_own() -> None:
    assert len({toolset.name for toolset in TOOLSETS}) == len(TOOLSETS)
    assert {"default", "all", "docs"}.isdisjoint(toolset.name for toolset in TOOLSETS)
    assert len({api.name for api in APIS}) == len(APIS)
    for attribute in ("own_header", "own_query", "sandbox_key"):
        values = [getattr(api, attribute).lower() for api in APIS]
        assert len(values) == len(set(values)), attribute
    assert len({(api.variable, api.secret) for api in APIS}) == len(APIS)


def test_an_api_beside_another_has_its_place() -> None:
    places = {api.name: (api.variable, api.url) for api in APIS}
    assert [api.name for api in APIS if api.beside and places[api.beside] != (api.variable, api.url)] == []
    alone = [api.variable for api in APIS if not api.beside]
    assert len(alone) == len(set(alone))


@each_api
def test_an_api_says_where_it_is_and_how_its_key_looks(api: Api) -> None:
    assert api.url is None or (api.url.startswith("https://") and not api.url.endswith("/"))
    assert api.key_hint
    assert api.own_query not in ("api_key", "toolsets")
    assert api.own_header.lower() not in ("x-api-key", "authorization", "x-mcp-toolsets")


def test_no_prefix_of_one_api_begins_the_keys_of_another() -> None:
    for api in APIS:
        for other in APIS:
            if api is not other:
                assert [one for one in api.prefixes for two in other.prefixes if one.startswith(two)] == []
                assert not other.sandbox_key.startswith(api.prefixes or ("\0",))
