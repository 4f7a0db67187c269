"""What stages leave for one another and for reports: each record with its reader and writer.

Import stays light: no torch, no pydantic.
"""
