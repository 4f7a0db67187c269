"""How sure the scores are: intervals, paired comparisons, corrections, and words for them.

From the answers that score files hold, never from predictions. A track is every row that was
scored on the same faces; all its rows share one set of bootstrap resamples, so that any two of them
are compared face by face. Nothing here is imported eagerly, and SciPy only where it is used.
"""
