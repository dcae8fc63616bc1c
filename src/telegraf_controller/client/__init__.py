"""The typed HTTP client: what the command line and the tests speak to a controller with."""

from telegraf_controller.client.controller import ControllerClient
from telegraf_controller.client.errors import ApiError, ClientError, Misconfigured, Unreachable

__all__ = ["ApiError", "ClientError", "ControllerClient", "Misconfigured", "Unreachable"]
