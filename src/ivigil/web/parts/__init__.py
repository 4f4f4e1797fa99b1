"""Small parts that pages share, one idea a module; each is a function from values to an element.

field.py   a form and its fields      notice.py  what has to be read: stop, slow, go, info
number.py  a number with its unit     source.py  a value that opens its reason and source
table.py   rows under headings        stamp.py   a moment, and what renews itself
chart.py   a picture with words and a table
"""
