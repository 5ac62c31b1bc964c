"""The user device: the phone, tablet or computer from which a person controls an IoT device."""

from certchain.roles.user_device.device import InstalledApp, UserDevice
from certchain.roles.user_device.session import ControlSession

__all__ = ["ControlSession", "InstalledApp", "UserDevice"]
