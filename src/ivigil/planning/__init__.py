"""Before the infusion: from an order to a complete, cited plan."""

from ivigil.planning.flow import plan
from ivigil.planning.why import UnknownDecisionError, Why, why

__all__ = ["UnknownDecisionError", "Why", "plan", "why"]
