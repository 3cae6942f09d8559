"""flintt-mcp: an MCP server for Flintt workspaces, with FlowPilot, FlowMaticX and Flextell as further tool sets."""

__version__ = "0.1.0"
