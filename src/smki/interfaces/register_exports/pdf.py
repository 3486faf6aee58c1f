"""What was gathered as PDF for screen readers, too (PDF/UA-1): set by Typst, which gets data and no markup."""

import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files

import typst

from smki.flows.exporting_register import Gathered
from smki.interfaces.register_exports.sheet import sheet_of
from smki.terms import Unavailable

_TEMPLATE = "templates/sheet.typ"


def pdf_of(found: Gathered) -> bytes:
    """The PDF, tagged; the same gives the same octets.

    Raises:
        Unavailable: this machine has no fonts or Typst cannot set it.
    """
    try:
        made = typst.compile(
            _template(),
            sys_inputs={"sheet": json.dumps(asdict(sheet_of(found)), ensure_ascii=False)},
            pdf_standards=["ua-1"],
            ignore_system_fonts=True,
            timestamp=0,
        )
    except typst.TypstError as error:
        raise Unavailable(f"PDF: {error}, must be set by Typst", rule="export.pdf") from error
    if not isinstance(made, bytes):
        raise Unavailable("PDF: several files, must be one", rule="export.pdf")
    return made


@cache
def _template() -> bytes:
    return files("smki.interfaces.register_exports").joinpath(_TEMPLATE).read_bytes()
