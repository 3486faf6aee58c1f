"""The pages of the register: what one reader may see of it, and the forms that change it.

Everything shown comes out of one `flows.reading_register.Reading`; everything changed goes through
`flows.changing_register`. No rule is decided here.
"""

from smki.interfaces.web.portal.register.pages import RegisterPages
from smki.interfaces.web.portal.register.public import PublicRegister

__all__ = ["PublicRegister", "RegisterPages"]
