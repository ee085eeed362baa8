"""Lists that others publish, read into datasets of links and facts: indicators, and areas over time.

`linking` is the way: mapping → content → entries → indicators or areas → Turtle → folder.
"""
