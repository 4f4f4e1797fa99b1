"""After: what the hours and days behind an infusion may bring, and what follows from it. Pure.

>>> answer = triage(report, episode, knowledge, earlier=reports)
>>> answer.urgency, answer.suspects, answer.causes
"""

from ivigil.aftercare.triage import triage

__all__ = ["triage"]
