"""A patient's IgG: measured levels, what the models say of them, and what a dose and interval would do.

question.py   what is asked                       answer.py   the curve and its tables
missed.py     a dose that is late or missed       other.py    another way beside it
measured.py   levels recorded, or taken back      earlier.py  doses before the first one here
page.py       their addresses
"""

from ivigil.web.pages.levels.page import routes as routes
