"""Devices, parties and a network in memory, behind the ports of the real ones.

Nothing here is ever used for what is not a simulation: the private keys of simulated devices lie
open in their states.
"""

from smki.simulator.keys import ScalarKeys

__all__ = ["ScalarKeys"]
