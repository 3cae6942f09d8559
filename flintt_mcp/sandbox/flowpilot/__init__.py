"""The FlowPilot API of the sandbox: `app.flowpilot_app`, its tables in `schema`, its example rows in `seed`."""
