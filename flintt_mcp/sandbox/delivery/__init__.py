"""Webhook delivery for every API of the sandbox: `outbox` writes events, `dispatcher` sends them, `scheme` says how."""
