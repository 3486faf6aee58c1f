"""The repository over SFTP: public keys only, read only, a tree of its own for each party.

What is in the files is made elsewhere; nothing here writes anything.
"""

from smki.interfaces.sftp.limits import SftpLimits
from smki.interfaces.sftp.server import sftp_serving

__all__ = ["SftpLimits", "sftp_serving"]
