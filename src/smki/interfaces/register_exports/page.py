"""What was gathered as one HTML file: nothing from elsewhere, no script, everything escaped."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from smki.flows.exporting_register import Gathered
from smki.interfaces.register_exports.sheet import sheet_of

_ENVIRONMENT = Environment(
    loader=PackageLoader("smki.interfaces.register_exports"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def html_of(found: Gathered) -> bytes:
    """The page, UTF-8."""
    return _ENVIRONMENT.get_template("sheet.html").render(sheet=sheet_of(found)).encode()
