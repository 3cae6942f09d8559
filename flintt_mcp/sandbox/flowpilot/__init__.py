"""The FlowPilot API of the sandbox: all of it in `app.FLOWPILOT`, its tables in `schema`, its example rows in `seed`."""
