"""The pure parts of the benchmark: ratios, request bytes, the answer reader, the checks, the token text.

A benchmark that is wrong about these measures something else than it says. The request bytes are held against the SDK's own
classifier, the stub's operations against the product's catalogue.
"""

import asyncio
import json
from dataclasses import replace

import pytest
from mcp.shared.inbound import InboundModernRoute, classify_inbound_request

from bench import openapi, payload, stub, wire
from bench.answer import Answer, AnswerReader, Expectation, MalformedAnswer
from bench.driver import Job, run
from bench.load import incomplete
from bench.ratio import Spread, per_round, spread
from bench.tokens import count, visible_text
from flintt_mcp.catalogue.flintt import OPERATIONS
from tests.certain import there

KEY = {"X-API-Key": payload.API_KEY}
CALL = {"name": "list_companies", "arguments": {}}


def parsed(request):
    """Headers (lower case) and JSON body of request bytes."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}, body


def test_a_ratio_is_taken_round_by_round_and_not_of_medians():
    assert per_round([10, 40, 90], [10, 20, 30]) == Spread(2, 1, 3)
    assert there(spread([10, 40, 90])).median / there(spread([10, 20, 30])).median == 2
    assert per_round([10, 100, 30], [1, 100, 30]) == Spread(1, 1, 10)


def test_a_round_in_which_one_side_failed_does_not_count():
    assert per_round([10, None, 30], [5, 5, None]) == Spread(2, 2, 2)
    assert per_round([None], [1]) is None


@pytest.mark.parametrize(("method", "params"), [("tools/call", CALL), ("tools/list", {})])
@pytest.mark.parametrize("number", [wire.FIRST_ID, wire.FIRST_ID + 1_234_567])
def test_a_modern_request_passes_the_classifier_of_the_sdk(method, params, number):
    headers, body = parsed(wire.template("127.0.0.1:1", method, params, wire.MODERN, KEY).with_id(number))
    message = json.loads(body)
    assert message["id"] == number
    assert int(headers["content-length"]) == len(body)
    assert isinstance(classify_inbound_request(message, headers=headers), InboundModernRoute)


def test_a_legacy_request_names_its_revision_and_carries_no_envelope():
    headers, body = parsed(wire.template("127.0.0.1:1", "tools/call", CALL, wire.LEGACY, KEY).with_id(wire.FIRST_ID))
    assert headers["mcp-protocol-version"] == "2025-11-25"
    assert "mcp-method" not in headers
    assert json.loads(body)["params"] == CALL


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nMcp-Session-Id: AbC\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"


@pytest.mark.parametrize("stream", [PLAIN, CHUNKED])
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_an_answer_is_read_whatever_pieces_it_comes_in(stream, size):
    reader = AnswerReader()
    for _ in range(2):
        pieces = [reader.feed(stream[at : at + size]) for at in range(0, len(stream), size)]
        assert pieces[:-1] == [None] * (len(pieces) - 1)
        last = there(pieces[-1])
        assert (last.status, last.body) == (200, b"hello")


def test_header_names_have_no_case_and_values_keep_theirs():
    assert there(AnswerReader().feed(PLAIN)).header("mcp-session-id") == "AbC"


def test_an_accepted_notification_has_no_body():
    answer = there(AnswerReader().feed(b"HTTP/1.1 202 Accepted\r\nDate: x\r\n\r\n"))
    assert (answer.status, answer.body) == (202, b"")


@pytest.mark.parametrize("stream", [PLAIN + b"x", b"HTTP/1.1 200 OK\r\n\r\n", b"SSH-2.0\r\n\r\n"])
def test_what_is_not_one_http_answer_is_refused(stream):
    with pytest.raises(MalformedAnswer):
        AnswerReader().feed(stream)


GOOD = b'{"jsonrpc":"2.0","id":10000001,"result":{"structuredContent":["Mark"],"content":["Mark"],"isError":false}}'
EXPECTED = Expectation(((b'"structuredContent"', 1), (b"Mark", 2)))


def test_a_good_answer_has_no_fault():
    assert EXPECTED.fault(Answer(200, b"", GOOD), 10000001) is None


@pytest.mark.parametrize(
    ("status", "body", "number"),
    [
        (500, GOOD, 10000001),
        (200, GOOD, 10000002),
        (200, GOOD.replace(b"false", b"true"), 10000001),
        (200, GOOD.replace(b'"isError":false', b'"isError": true'), 10000001),
        (200, GOOD.replace(b'"content":["Mark"]', b'"content":[]'), 10000001),
        (200, GOOD.replace(b"structuredContent", b"other"), 10000001),
    ],
)
def test_a_bad_answer_has_a_fault(status, body, number):
    assert EXPECTED.fault(Answer(status, b"", body), number)


def full_answer(text, rows):
    result = {"content": [{"type": "text", "text": text}], "structuredContent": {"companies": rows}}
    return {"jsonrpc": "2.0", "id": 1, "result": result}


def test_the_first_answer_must_hold_every_company_in_both_halves():
    names = "\n".join(company["name"] for company in payload.COMPANIES)
    good = json.dumps(full_answer(names, payload.COMPANIES)).encode()
    assert incomplete(Answer(200, b"", good)) is None
    assert incomplete(Answer(200, b"", b"event: message\r\ndata: " + good + b"\r\n\r\n")) is None
    assert "text" in there(incomplete(Answer(200, b"", json.dumps(full_answer("few", payload.COMPANIES)).encode())))
    short = json.dumps(full_answer(names, payload.COMPANIES[:20])).encode()
    assert "5 of 25" in there(incomplete(Answer(200, b"", short)))


def test_the_list_is_8_5_kb_and_holds_the_marker_once():
    body = payload.LISTS["/v1/companies"]
    assert 8_400 <= len(body) <= 8_600
    assert body.count(payload.MARKER.encode()) == 1
    assert len(json.loads(body)) == payload.COMPANY_COUNT


def test_the_stub_answers_only_with_the_key():
    head = b"GET /v1/companies?name=a HTTP/1.1\r\nHost: x\r\n"
    assert stub.reply(head + b"x-api-KEY: flt_bench_key").endswith(payload.LISTS["/v1/companies"])
    assert stub.reply(head).startswith(b"HTTP/1.1 401")


def test_the_document_for_fastmcp_describes_operations_of_the_product():
    paths = openapi.document("http://stub.invalid")["paths"]
    described = {operation["operationId"] for methods in paths.values() for operation in methods.values()}
    assert len(described) == 11
    assert described <= {operation.name for operation in OPERATIONS}


def test_tokens_are_counted_over_what_a_model_reads():
    tool = {"name": "a", "title": "A", "description": "d", "inputSchema": {"type": "object"}, "outputSchema": {}}
    assert visible_text(tool) == '{"name":"a","description":"d","inputSchema":{"type":"object"}}'
    assert count([tool, tool | {"name": "b"}], len).total == 2 * len(visible_text(tool))


async def driven(**changes):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(stub.Stub, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wanted = [(payload.MARKER, 1)]
    job = Job(port, "tools/call", CALL, wire.MODERN, concurrency=4, seconds=0.01, wanted=wanted, headers=KEY, calls=60)
    try:
        return await run(replace(job, **changes))
    finally:
        server.close()
        await server.wait_closed()


def test_the_driver_counts_the_calls_it_was_asked_for():
    window = asyncio.run(driven())
    assert (window.calls, window.errors) == (59, 0)
    assert window.content_type == "application/json"


@pytest.mark.parametrize("changes", [{"headers": {}}, {"wanted": [(payload.MARKER, 2)]}, {"sessions": 1}])
def test_the_driver_reports_every_wrong_answer(changes):
    window = asyncio.run(driven(**changes))
    assert window.errors
    assert window.fault
