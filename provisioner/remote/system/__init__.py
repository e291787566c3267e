"""The small System that modules receive instead of the whole operating system."""

from .system import System

__all__ = ["System"]
