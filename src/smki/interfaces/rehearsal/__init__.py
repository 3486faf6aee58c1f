"""Rehearsals: a recovery from the lost key to the report, unattended, with keys that are never real.

Everything happens in a house of its own under `recoveries/NAME` of the state directory. Real
octets, real rules, simulated people and devices; none of the SMKI's own keys is used.
"""
