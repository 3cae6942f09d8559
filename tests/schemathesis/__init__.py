"""schemathesis against the sandbox: every operation of every OpenAPI document, all checks, in process."""
