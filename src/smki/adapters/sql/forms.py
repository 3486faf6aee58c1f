"""Messages in columns: whole, or as the number of a form that is kept once, and what fills it.

    column ::= message                              -- begins with DD or DF
             | 00 number(8) octets of the gaps
    form   ::= gaps(2) (octets of piece(4) octets of gap(2))* pieces     -- 0 after the last piece

A million commands of one form take a hundred octets each instead of five thousand.

Clause: gbcs:7.2.7
"""

from collections.abc import Iterable
from hashlib import sha256
from itertools import accumulate, pairwise
from struct import Struct
from typing import Final

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table, select

from smki.adapters.sql.store import Store
from smki.terms import Inconsistent
from smki.wire.gbcs.forms import Form, Formed

_METADATA: Final = MetaData()
_FORM: Final = Table(
    "message_form",
    _METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("form", LargeBinary, nullable=False),
)
_MARK: Final = b"\x00"
_NUMBER_OCTETS: Final = 8  # of its digest: no two of the few forms of an estate are alike
_COUNT: Final = Struct(">H")
_PAIR: Final = Struct(">IH")


class SqlForms:
    """The forms of a database. Safe for threads and processes: a form's number is its digest's."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._store.write(_METADATA.create_all)
        self._beginnings: dict[Form, bytes] = {}
        self._forms: dict[bytes, Form] = {}

    def columns(self, messages: Iterable[bytes | Formed]) -> list[bytes]:
        """What stands for each message in a column; its form is kept when this returns.

        Raises:
            Unavailable: it could not be kept.
        """
        return [
            one
            if isinstance(one, bytes)
            else (self._beginnings.get(one.form) or self._kept(one.form)) + one.filling
            for one in messages
        ]

    def message(self, column: bytes) -> bytes | Formed:
        """The message that the column stands for.

        Raises:
            Inconsistent: its form is not there.
        """
        if column[:1] != _MARK:
            return column
        number, filling = column[1 : 1 + _NUMBER_OCTETS], column[1 + _NUMBER_OCTETS :]
        form = self._forms.get(number) or self._found(number)
        return Formed(form=form, filling=filling)

    def _kept(self, form: Form) -> bytes:
        octets = _encoded(form)
        number = sha256(octets).digest()[:_NUMBER_OCTETS]
        row = {"number": _signed(number), "form": octets}
        kept = self._store.insert(_FORM).values(row).on_conflict_do_nothing()
        self._store.write(lambda connection: connection.execute(kept))
        self._beginnings[form] = beginning = _MARK + number
        return beginning

    def _found(self, number: bytes) -> Form:
        query = select(_FORM.c.form).where(_FORM.c.number == _signed(number))
        octets = self._store.read(lambda connection: connection.scalar(query))
        if octets is None:
            raise Inconsistent(
                f"message form {number.hex()}: is not there, and messages of it are",
                clause="gbcs:7.2.7",
                rule="gbcs.form",
            )
        self._forms[number] = form = _decoded(bytes(octets))
        return form


def _signed(number: bytes) -> int:
    return int.from_bytes(number, "big", signed=True)


def _encoded(form: Form) -> bytes:
    pairs = zip(map(len, form.pieces), (*form.gaps, 0), strict=True)
    lengths = b"".join(_PAIR.pack(piece, gap) for piece, gap in pairs)
    return _COUNT.pack(len(form.gaps)) + lengths + b"".join(form.pieces)


def _decoded(octets: bytes) -> Form:
    (count,) = _COUNT.unpack_from(octets)
    begin = _COUNT.size + (count + 1) * _PAIR.size
    pairs = tuple(_PAIR.iter_unpack(octets[_COUNT.size : begin]))
    ends = accumulate((piece for piece, _ in pairs), initial=begin)
    return Form(
        pieces=tuple(octets[start:end] for start, end in pairwise(ends)),
        gaps=tuple(gap for _, gap in pairs[:-1]),
    )
