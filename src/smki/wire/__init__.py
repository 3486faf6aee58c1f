"""Bytes ⇄ values, for DER, PKCS#10, X.509, GBCS and the XML messages. Total, canonical, closed.

For any octets: a value, or `Malformed` naming field and offset. No decision, no signature check.
"""
