"""The FlowMaticX API of the sandbox: all of it in `app.FLOWMATICX`, its tables in `schema`, its example rows in `seed`."""
