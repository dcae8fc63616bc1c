"""A tour of the web interface: an instance with believable contents, pictures of its pages, and what is checked there.

`make screenshots` takes the pictures; a browser test checks the same pages on the same contents.
"""
