"""What people do with the journal: plans are signed, infusions looked at and recorded.

Shared by the command and the web application. Time and person come in as arguments; the journal is the only
thing of the world that is touched here.
"""
