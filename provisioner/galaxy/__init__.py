"""Roles and collections from elsewhere: finds, fetches, checks, installs, builds and removes them."""
