"""IgG levels: published models, one patient's kinetics, what a dose will do.

The one room with floats. ``individual`` and ``applicability`` bring a published model to a person,
``physics`` simulates one person, ``fitting`` learns from levels, ``population`` does both for many and
alone needs the numeric libraries (extra ``kinetics``). ``regimen`` and ``dataset`` say what is given,
``simulate`` what the levels will be, of a typical patient or of virtual ones. ``estimate`` fits every model
that applies to measured levels, ``aim`` seeks a dose.
"""
