"""The sandbox's FlowMaticX API."""
