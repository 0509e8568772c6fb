"""How sources write numbers and times, and what is read of each way of writing."""
