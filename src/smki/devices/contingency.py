"""The contingency public key, as devices unwrap it: see `profiles.contingency`."""

from smki.profiles.contingency import contingency_point

__all__ = ["contingency_point"]
