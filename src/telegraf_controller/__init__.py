"""An open, self-hosted controller for fleets of Telegraf agents."""

__version__ = "0.1.0"
