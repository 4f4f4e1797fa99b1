"""The web application: pages made on the server, usable without a script.

app.py        routes, guards, headers     settings.py   where the journal is, who may reach it
visit.py      who looks, at which moment  shell.py      the document around every page
parts/        what pages share            pages/        one module a page
access/       people, sessions, guards    static/       tokens, styles, small modules
errors.py     what went wrong, readably   demo.py       fictional people, on this machine alone
"""
