"""A fleet of agents that are not there: heartbeats as Telegraf sends them, at a fleet's pace, and what becomes of them.

`target` says where they go, `route` the way there, `fleet` what they say; `connection` carries them, `answers` reads
what comes back, `run` keeps the pace, `report` tells.
It imports nothing of ours, so that it measures any controller, this one included, from outside.
"""
