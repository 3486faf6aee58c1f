"""An open, complete Smart Metering Key Infrastructure (SMKI)."""

from typing import Final

VERSION: Final = "0.1.0"
