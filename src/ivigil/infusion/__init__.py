"""At the chair: what is hung, how it runs, what to do. Pure functions of events and of now."""
