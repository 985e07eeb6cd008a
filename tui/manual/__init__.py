"""The manual: one Markdown page for each topic, for F1, `apisetup help`, and readers of the repository.

Lists of keys, settings, commands and topics stand between `<!-- ... -->` and `<!-- end -->`. They are generated:
`python -m tui.commands.reference` writes them, and `tui.manual.blocks` fills in the user's own keys when a page is
shown.
"""
