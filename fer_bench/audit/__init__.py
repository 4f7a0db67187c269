"""Audits: what is wrong with a dataset, and with the paper's printed numbers."""
