"""What is told to people about their files and about long work."""
