"""IgG levels: published models, one patient's kinetics, what a dose will do.

The one room with floats. ``physics`` simulates one person, ``fitting`` learns from levels, ``estimate``
does so by every model that applies, ``aim`` seeks a dose; ``population`` simulates and fits many, and alone
needs the numeric libraries (extra ``kinetics``).
"""
