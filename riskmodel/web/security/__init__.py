"""The gate before every door, the audit log, and what the server prints."""
