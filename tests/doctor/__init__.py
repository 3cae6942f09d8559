"""The doctor: what is good is good in time, and each seeded fault is found with what to do."""
