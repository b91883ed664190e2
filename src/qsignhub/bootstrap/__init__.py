"""The composition root: settings in, frozen services out. Nobody else knows the adapters."""

from qsignhub.bootstrap.overrides import Overrides
from qsignhub.bootstrap.services import Services, open_services

__all__ = ["Overrides", "Services", "open_services"]
