"""The sample parties of an embedded SMKI: fictitious, and outside any registered EUI-64 range.

The identifiers are locally administered ones; published client libraries know none of them.
"""

from dataclasses import dataclass
from typing import Final

from smki.ports import Party
from smki.terms import EUI64, Interface, KeyUsage, RemotePartyRole

_R = RemotePartyRole
_DS, _KA = KeyUsage.DIGITAL_SIGNATURE, KeyUsage.KEY_AGREEMENT


def _eui64(text: str) -> EUI64:
    return EUI64.parse("0A534D4B49" + text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample party, with what is issued to it.

    Attributes:
        party: its registration.
        certificates: identity, role, usage and file suffix of each organisation certificate.
        interfaces: the interfaces it gets a credential for.
    """

    party: Party
    certificates: tuple[tuple[EUI64, RemotePartyRole, KeyUsage, str], ...] = ()
    interfaces: tuple[Interface, ...] = ()


_SUPPLIER: Final = _eui64("020001")
_NETWORK: Final = _eui64("030001")
_RECOVERY, _BROKER, _COS, _WAN, _DSP = (_eui64(f"0400{n:02}") for n in (1, 4, 5, 6, 37))

SUPPLIER: Final = "supplier"

SAMPLES: Final = (
    Sample(
        party=Party(
            party="manufacturer",
            name="Sample Meter Maker",
            identities=((_eui64("010001"), None),),
        ),
        interfaces=(Interface.BATCH,),
    ),
    Sample(
        party=Party(
            party=SUPPLIER,
            name="Sample Energy Supplier",
            identities=((_SUPPLIER, _R.SUPPLIER),),
            import_supplier=True,
            gas_supplier=True,
        ),
        certificates=(
            (_SUPPLIER, _R.SUPPLIER, _DS, "ds"),
            (_SUPPLIER, _R.SUPPLIER, _KA, "ka"),
            (_SUPPLIER, _R.SUPPLIER, _KA, "pp-ka"),
        ),
        interfaces=(Interface.AD_HOC, Interface.BATCH, Interface.PORTAL),
    ),
    Sample(
        party=Party(
            party="network",
            name="Sample Network Operator",
            identities=((_NETWORK, _R.NETWORK_OPERATOR),),
        ),
        certificates=(
            (_NETWORK, _R.NETWORK_OPERATOR, _DS, "ds"),
            (_NETWORK, _R.NETWORK_OPERATOR, _KA, "ka"),
        ),
        interfaces=(Interface.BATCH,),
    ),
    Sample(
        party=Party(
            party="dcc",
            name="Sample DCC",
            identities=(
                (_RECOVERY, _R.RECOVERY),
                (_BROKER, _R.ACCESS_CONTROL_BROKER),
                (_COS, _R.TRANSITIONAL_COS),
                (_WAN, _R.WAN_PROVIDER),
                (_DSP, _R.DSP_XML_SIGN),
            ),
            operator=True,
        ),
        certificates=(
            (_RECOVERY, _R.RECOVERY, _DS, "ds"),
            (_BROKER, _R.ACCESS_CONTROL_BROKER, _DS, "ds"),
            (_BROKER, _R.ACCESS_CONTROL_BROKER, _KA, "ka"),
            (_COS, _R.TRANSITIONAL_COS, _DS, "ds"),
            (_WAN, _R.WAN_PROVIDER, _DS, "ds"),
            (_DSP, _R.DSP_XML_SIGN, _DS, "ds"),
        ),
        interfaces=(Interface.AD_HOC, Interface.BATCH, Interface.PORTAL),
    ),
)

API_KEY: Final = "u3bg9gt38htd0j2"
"""The fixed key that published clients of the emulator send."""
