"""What `plangraf serve` shares with the processes before and after it."""
