"""``qsignhub demo``: an integrator's whole journey against a service of its own, by HTTP alone."""

from qsignhub.cli.demo.command import demo

__all__ = ["demo"]
