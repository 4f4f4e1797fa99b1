"""During: what is true of an infusion and what to do now. Pure; time comes in as an argument.

>>> briefing = brief(plan, 1, knowledge)
>>> state = replay(briefing.day, events)
>>> advise(briefing, state, now)
"""

from ivigil.infusion.advise import advise
from ivigil.infusion.briefing import brief
from ivigil.infusion.replay import replay

__all__ = ["advise", "brief", "replay"]
