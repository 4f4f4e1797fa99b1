"""Who may come in, what they may do, who looked.

people.py     replayed from the journal   passwords.py  hashes and the policy
rules.py      role by action by reach     sessions.py   kept on the server
throttle.py   wrong attempts              forms.py      that a form is ours
reads.py      looks and broken glass      guards.py     before every handler
desk.py       all of it in one place
"""
