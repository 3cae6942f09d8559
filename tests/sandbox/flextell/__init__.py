"""The sandbox's Flextell API and the OAuth server before it."""
