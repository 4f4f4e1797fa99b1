"""After: what the hours and days behind an infusion may bring, and what follows from it. Pure."""
