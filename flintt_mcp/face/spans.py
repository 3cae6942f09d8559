"""Whether somebody set up OpenTelemetry for this process, found out without loading it."""

from __future__ import annotations

import os
import sys

_API = "opentelemetry.trace"
_PROVIDER = "OTEL_PYTHON_TRACER_PROVIDER"
"""The variable by which OpenTelemetry is told to set itself up."""


def are_wanted() -> bool:
    """Whether spans go anywhere: then every request has to pass the SDK's middleware, which makes them."""
    if _API not in sys.modules and _PROVIDER not in os.environ:
        return False
    from opentelemetry.trace import ProxyTracerProvider, get_tracer_provider

    return not isinstance(get_tracer_provider(), ProxyTracerProvider)
