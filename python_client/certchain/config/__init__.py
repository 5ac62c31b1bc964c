"""Settings as values: the home folder, its configuration file, and the clock that roles are given."""

from certchain.config.clock import Clock, SystemClock
from certchain.config.home import Home, find_home
from certchain.config.settings import Configuration, read_configuration, write_configuration

__all__ = ["Clock", "Configuration", "Home", "SystemClock", "find_home", "read_configuration", "write_configuration"]
