"""From score files to tables, pages, figures, the leaderboard and DVC's metrics and plots.

Reports read `results`, the enabled lists of params.yaml and `benchmarks/paper`, and nothing else:
no predictions, no checkpoints, no torch. Equal scores give equal bytes. What writes
`results/tables/<name>` or `results/figures/<name>` is `tables/<name>.py`, `pages/<name>.py` or
`figures/<name>.py`.
"""
