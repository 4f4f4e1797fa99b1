"""The chair: one infusion while it runs. What to do next on top; entries, Stop and Slow always at hand.

view.py     what is shown, as values      advice.py   the next action, reasons, doses
now.py      the part that changes         story.py    chart, history, what came late
entries.py  a form for each kind          halts.py    Stop and Slow
queue.py    entries of a device's queue   page.py     the documents;  routes.py  their addresses
"""

from ivigil.web.pages.chair.routes import routes as routes
