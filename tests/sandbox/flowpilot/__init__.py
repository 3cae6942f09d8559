"""The sandbox's FlowPilot API."""
