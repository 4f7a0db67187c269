"""Pixels before training: find the face, align it, and draw masks on it.

`align.align` turns a source into a pack, `mask.mask` makes the masked pack beside it, and
`sheet.contact_sheet` draws what came out. Import those modules directly: the detector needs torch,
the rest does not.
"""
