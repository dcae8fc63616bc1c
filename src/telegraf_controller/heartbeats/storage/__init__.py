"""One process that writes heartbeats to SQLite, for all that take them.

SQLite has one writer at a time. Heartbeat processes that each wrote would wait for each other's lock; and a thread next
to a busy event loop waits for the interpreter's lock at every step of a statement. So whoever takes heartbeats hands
its groups to this process (`client`), which does nothing but write them, one after the other (`server`, `sqlite`).
"""
