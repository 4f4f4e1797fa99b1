"""What a patient sees: on a phone first, whom to call before everything else, every form without a script.

frame.py      around every page       home.py       what happens next
wrong.py      something is wrong      questions.py  how are you: the check-ins
asking.py     an interview in forms   answer.py     what a report asks for
diary.py      day by day              treatment.py  to prepare; what was given
windows.py    vaccines, blood tests   papers.py     letters, calendar, data to take away
way_back.py   coming back without a link
"""

from __future__ import annotations

from ivigil.web.pages.me import (
    answer,
    diary,
    frame,
    home,
    papers,
    questions,
    treatment,
    way_back,
    windows,
    wrong,
)

routes = [
    *(handler for module in (frame, home, wrong, questions, answer, diary) for handler in module.routes),
    *(handler for module in (treatment, windows, papers, way_back) for handler in module.routes),
]
