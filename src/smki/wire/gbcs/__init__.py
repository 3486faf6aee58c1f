"""GBCS messages, octet for octet: frames, blocks, payloads. Nothing is verified here.

Clause: gbcs:7.2.7
"""
