"""IgG levels: published models, one patient's kinetics, what a dose will do."""
