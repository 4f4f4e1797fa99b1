"""One module a page: ``routes`` (handlers, each naming its action) and functions from values to elements."""
