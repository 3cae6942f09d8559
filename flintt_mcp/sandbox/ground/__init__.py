"""What every API of the sandbox stands on: time, the secret of the data folder, its document and its pages."""
