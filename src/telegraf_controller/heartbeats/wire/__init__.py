"""HTTP/1.1 for many small requests: one loop over all sockets, no task and no object per request that can be spared.

`server.py` takes connections and wakes them, `connection.py` takes requests out of what arrives, `heads.py` and
`chunks.py` read their parts. What is done with a request is the application's (`Application`).
"""
