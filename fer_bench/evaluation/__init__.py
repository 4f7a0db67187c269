"""From saved predictions to numbers: metrics, one score file a cell, statistics over seeds.

Nothing here is imported eagerly: scoring runs once a cell, so its start-up time counts.
"""
