"""What an API's answer says: values, pages within a budget, results and faults. Pure: no loop, no network, no files."""
