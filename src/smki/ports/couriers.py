"""Messages to people, handed over to whatever carries them. Durable on return."""

from typing import Protocol


class Courier(Protocol):
    """Takes messages for one person each; the same name again takes the place of the earlier one."""

    def hand_over(self, name: str, text: str, certificates: tuple[bytes, ...]) -> str:
        """The message waits to be carried; where, for whoever carries it.

        It can be read with the key of any of `certificates` (DER, RSA) and by nobody else; without
        one it is in the clear.

        Raises:
            Unavailable: it cannot be kept.
        """
        ...
