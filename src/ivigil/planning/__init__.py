"""Before the infusion: from an order to a complete, cited plan."""

from ivigil.planning.flow import plan

__all__ = ["plan"]
