"""The Flintt API of the sandbox: all of it in `app.FLINTT`, its tables in `schema`, its example rows in `seed`."""
