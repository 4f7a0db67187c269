"""Procedurally drawn faces: expressions from facial action units, identities, poses, occluders.

A face is described first and drawn second: `factors.plan` gives the description of one image from
(seed, subject, shot), `scene.geometry` its true box and landmarks, `scene.render` its pixels.
"""
