"""The Flintt API of the sandbox: `app.flintt_app`, its tables in `schema`, its example rows in `seed`."""
