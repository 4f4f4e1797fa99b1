"""Reading an order, strictly: every fault is found and told, nothing is guessed or half returned."""

from ivigil.intake.disk import read_order
from ivigil.intake.reading import parse_order
from ivigil.intake.text import Format

__all__ = ["Format", "parse_order", "read_order"]
