"""The benchmark: `make bench`, or `python -m bench`.

Measures the product beside a bare ASGI proxy, FastMCP.from_openapi and the SDK's low-level server, in one run, in front of
one fast stub of the API. Machines are noisy, so it prints ratios: contenders take turns round by round, each round gives
one ratio, and the report shows the median with the lowest and the highest. Every process talks to loopback only.
"""
