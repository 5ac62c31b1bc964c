"""The IoT device: what is controlled and updated."""

from certchain.roles.iot_device.device import IotDevice

__all__ = ["IotDevice"]
