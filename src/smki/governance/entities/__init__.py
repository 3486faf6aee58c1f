"""What the register keeps: frozen values, one file for each noun's family.

Each says what it belongs to, which label it has, and by which texts it is found. Nothing here is decided.
"""

from smki.governance.entities.base import Entity, Key, Kind, Known
from smki.governance.entities.catalogue import ENTITIES

__all__ = ["ENTITIES", "Entity", "Key", "Kind", "Known"]
