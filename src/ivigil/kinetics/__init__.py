"""IgG levels: what they will be, and what they say about the person.

The one room with floats. ``individual`` and ``applicability`` bring a published model to a person,
``physics`` simulates one person, ``fitting`` learns from levels, ``population`` does both for many and
alone needs the numeric libraries (extra ``kinetics``).
"""
