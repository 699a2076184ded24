"""Who may: seats, acts and rules, the whole of it on two pages."""
