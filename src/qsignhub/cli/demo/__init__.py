"""``qsignhub demo``: an integrator's whole journey against a service of its own, by HTTP alone."""

from qsignhub.cli.demo.command import register

__all__ = ["register"]
