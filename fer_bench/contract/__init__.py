"""What a model must keep to be trained and compared here, and a file to start from."""
