"""What was gathered for one reader, written out: Markdown, HTML, PDF, iCalendar, CSV, tables.

Each takes `Gathered` and nothing else: who may read what was decided before.
"""

from smki.interfaces.register_exports.formats import FORMATS, Export, export

__all__ = ["FORMATS", "Export", "export"]
