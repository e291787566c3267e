"""Scopes: ordered layers of values, each with its origin. Precedence is data here, not code."""
