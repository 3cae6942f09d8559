"""The FlowMaticX API of the sandbox: `app.flowmaticx_app`, its tables in `schema`, its example rows in `seed`."""
