"""Patches made by somebody else's program: finding them in a folder or an archive, looking at them, storing them.

Files of a user may be named after patients. Sentences name a patch by its place in the order of names, never by its
file, and nothing but pixels, lesion classes and given pseudonyms is kept.
"""
