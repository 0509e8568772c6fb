"""Spreadsheets of any form and REDCap exports, read by a mapping that is guessed or given."""
