"""The web services: HTTP in, one question to the house, HTTP out.

`flows` implements `Services`; `secured_app` and `local_app` put them under their paths, `serving`
listens. No rule is applied and nothing is stored here.
"""

from smki.interfaces.web.app import local_app, secured_app
from smki.interfaces.web.limits import Limits
from smki.interfaces.web.server import Listener, new_event_loop, serving
from smki.interfaces.web.service import Services
from smki.interfaces.web.tls import ServerTls, TlsFiles, server_context

__all__ = [
    "Limits",
    "Listener",
    "ServerTls",
    "Services",
    "TlsFiles",
    "local_app",
    "new_event_loop",
    "secured_app",
    "server_context",
    "serving",
]
