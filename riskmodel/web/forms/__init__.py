"""What is typed or pasted into a form, and the rows it makes."""
