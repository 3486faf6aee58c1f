"""Every message code, and the use case it names: the one table.

Where a column says nothing, the sources do not; for the security use cases the devices' own table
says how each is protected. Roles: S supplier, N network operator, A access control broker,
L load controller.

Clause: gbcs:use-cases
"""

from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final


class Protection(Enum):
    """How a use case's messages are protected, in the document's words."""

    CRITICAL_COMMAND = "SME.C.C"
    NON_CRITICAL_COMMAND = "SME.C.NC"
    TOP_UP_COMMAND = "SME.C.NC, with a top-up MAC"
    BETWEEN_DEVICES = "SME.C.PPMID-GSME"
    CRITICAL_ALERT = "SME.A.C"
    NON_CRITICAL_ALERT = "SME.A.NC"
    ZIGBEE = "as the ZigBee Smart Energy standard says"
    NOT_SAID = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseCase:
    """A row of the table.

    Attributes:
        code: the message code.
        reference: `CS02b`; empty where alerts share a code.
        title: what it does.
        protection: of its commands, or alerts.
        future_datable: a command may name a time to run at.
        replay_protected: a command's counter must be greater than those before.
        roles: letters of who may ask.
    """

    code: int
    reference: str
    title: str
    protection: Protection
    future_datable: bool
    replay_protected: bool
    roles: str

    @property
    def name(self) -> str:
        """The reference, or the title where there is none."""
        return self.reference or self.title


# code, reference, protection + may be (F)uture dated, (R)eplay protected + roles, title
_ROWS: Final = (
    (0x0001, "CCS01", "CN -R A", "Add Device to CHF device log"),
    (0x0002, "CCS02", "CN -R A", "Remove device from CHF device log"),
    (0x0003, "CCS03", "CN -R A", "Restore CHF Device Log"),
    (0x0004, "CCS05CCS04", "-- -- -", "Read CHF device log, check HAN communications (old)"),
    (0x0007, "CS01a", "TU -R -", "Apply Prepayment Top Up to an ESME"),
    (0x0008, "CS02a", "-- -- -", "Provide Security Credentials Details"),
    (0x000A, "CS02c", "-- -- -", "Issue Security Credentials"),
    (0x000B, "CS02d", "-- -- -", "Update Device Certificates on Device"),
    (0x000C, "CS02e", "-- -- -", "Provide Device Certificates from Device"),
    (0x000D, "CS03A1", "-- -- -", "Method A Join (Meter)"),
    (0x000E, "CS03B", "-- -- -", "Method B Join"),
    (0x000F, "CS04AC", "-- -- -", "Method A or C Unjoin"),
    (0x0010, "CS04B", "-- -- -", "Method B Unjoin"),
    (0x0012, "CS06", "-- -- -", "Activate Firmware"),
    (0x0013, "CS07", "CN -- -", "Read Device Join Details"),
    (0x0014, "CS10a", "CN -- SNA", "Read ZigBee Device Event Log"),
    (0x0015, "CS11", "CN -- S", "Clear ZigBee Device Event Log"),
    (0x0018, "CS14", "AN -- -", "Device Addition To / Removal From HAN Whitelist Alerts"),
    (0x0019, "ECS01a", "CC FR S", "Set Tariff and Price on ESME"),
    (0x001A, "ECS02", "CC FR S", "Set ESME Payment Mode to Credit"),
    (0x001B, "ECS03", "CC FR S", "Set ESME Payment Mode to Prepayment"),
    (0x001C, "ECS04a", "CC -R S", "Adjust Meter Balance on the ESME"),
    (0x001D, "ECS05", "CC -R S", "Reset Tariff Block Counter Matrix"),
    (0x001E, "ECS07", "CC -R S", "Manage Debt on the ESME"),
    (0x001F, "ECS08", "-- -- -", "Update Prepayment Configuration on ESME"),
    (0x0020, "ECS09", "CC -R S", "Activate Emergency Credit Remotely on ESME"),
    (0x0021, "ECS10", "CN -- S", "Send Message to ESME"),
    (0x0022, "ECS12", "CN -- S", "Set Change of Tenancy date on ESME"),
    (0x0023, "ECS14", "CN -R S", "Disable Privacy PIN Protection on ESME"),
    (0x0024, "ECS15a", "CN -- S", "Clear ESME Event Log"),
    (0x0025, "ECS16", "CN -- S", "Write Supplier Contact Details on ESME"),
    (0x0026, "ECS17a", "CN -- NA", "Read ESME Energy Registers (Export Energy)"),
    (0x0027, "ECS17b", "CN -- SN", "Read ESME Energy Registers (Import Energy)"),
    (0x0028, "ECS17c", "CN -- SNA", "Read ESME Energy Registers (Power)"),
    (0x0029, "ECS17d", "CN -- SN", "Read ESME Energy Register (TOU)"),
    (0x002A, "ECS17e", "CN -- SN", "Read ESME Energy Register (TOU with Blocks)"),
    (0x002B, "ECS18a", "CN -- NA", "Read Maximum Demand Registers (export)"),
    (0x002C, "ECS18b", "CN -- SNA", "Read Maximum Demand Registers (import)"),
    (0x002D, "ECS19", "CN -- S", "Read ESME Prepayment Registers"),
    (0x002E, "ECS20a", "CN -- SA", "Read ESME Billing Data Log (payment based debt payments)"),
    (
        0x002F,
        "ECS20b",
        "CN -- SA",
        "Read ESME Billing Data Log (change of mode / tariff triggered exc export)",
    ),
    (
        0x0030,
        "ECS20c",
        "CN -- SA",
        "Read ESME Billing Data Log (billing calendar triggered exc export)",
    ),
    (0x0033, "ECS21a", "CN -- SA", "Read Electricity Daily Read Log (exc export)"),
    (0x0034, "ECS21b", "CN -- SA", "Read Electricity (Prepayment) Daily Read Log"),
    (0x0035, "ECS21c", "CN -- A", "Read Electricity Daily Read Log (export only)"),
    (0x0036, "ECS22a", "CN -- NA", "Read Electricity Half Hour Profile Data (export)"),
    (0x0037, "ECS22b", "CN -- SNA", "Read Electricity Half Hour Profile Data (active import)"),
    (0x0038, "ECS22c", "CN -- SNA", "Read Electricity Half Hour Profile Data (reactive import)"),
    (0x0039, "ECS23", "CN -- SNA", "Read Voltage Operational Data"),
    (0x003A, "ECS24", "CN -- SA", "Read ESME Tariff Data"),
    (0x003B, "ECS26a", "CN -- S", "Read ESME Configuration Data Prepayment"),
    (0x003C, "ECS26b", "CN -- SNA", "Read ESME Configuration Voltage Data"),
    (
        0x003D,
        "ECS26c",
        "CN -- SNA",
        "Read ESME Configuration Data Device Information (randomisation)",
    ),
    (
        0x003E,
        "ECS26d",
        "-- -- -",
        "Read ESME Configuration Data Device Information (Billing Calendar)",
    ),
    (
        0x003F,
        "ECS26e",
        "-- -- -",
        "Read ESME Configuration Data Device Information (device identity exc MPAN)",
    ),
    (
        0x0040,
        "ECS26f",
        "CN -- SA",
        "Read ESME Configuration Data Device Information (instantaneous power thresholds)",
    ),
    (0x0042, "ECS27", "CN -- SNA", "Read ESME Load Limit Data"),
    (0x0043, "ECS28a", "CC FR S", "Set Load Limit Configurations - General Settings"),
    (0x0044, "ECS28b", "CN -R S", "Set Load Limit Configuration Counter Reset"),
    (0x0045, "ECS29a", "CN -R N", "Set Voltage Configurations on ESME"),
    (0x0046, "ECS30", "-- -- -", "Set Billing Calendar on the ESME"),
    (0x0047, "ECS34", "CN -- S", "Set Instantaneous Power Threshold Configuration"),
    (0x0048, "ECS35a", "CN -- SNA", "Read ESME Event Log"),
    (0x0049, "ECS35b", "CN -- SNA", "Read ESME Security Log"),
    (0x004A, "ECS37", "CN -R N", "Set Maximum Demand Configurable Time Period"),
    (0x004B, "ECS38", "CC -R S", "Update Randomised Offset Limit"),
    (0x004C, "ECS39a", "CN -R S", "Set MPAN Value on the ESME"),
    (0x004D, "ECS39b", "CN -R A", "Set Export MPAN Value on the ESME"),
    (0x004E, "ECS40", "CN -- SNA", "Read MPAN Value on the ESME"),
    (0x004F, "ECS42", "CC -R S", "Remotely Close the Load Switch on the ESME"),
    (0x0050, "ECS43", "CC -R S", "Remotely Open the Load Switch on the ESME"),
    (0x0051, "ECS44", "CC -R S", "Arm Load Switch in ESME"),
    (0x0052, "ECS45", "CN -- SNA", "Read Status of Load Switch in the ESME"),
    (0x0053, "ECS46a", "CC -- S", "Set HC ALCS or ALCS Labels in ESME"),
    (0x0054, "ECS46c", "-- -- -", "Set HC ALCS and ALCS configuration in ESME (excluding labels)"),
    (0x0055, "ECS47", "-- -- -", "Set or Reset HC ALCS or ALCS State"),
    (0x0058, "ECS50", "CN -R A", "Send CIN to ESME"),
    (0x0059, "ECS52", "CN -- SNA", "Read ESME/Comms Hub Firmware Version"),
    (0x005A, "ECS57", "CN -- N", "Reset ESME Maximum Demand Registers"),
    (0x005E, "ECS61c", "CN -- SA", "Read Boost Button Data from ESME"),
    (0x005F, "ECS62", "CN -R S", "Set ALCS and Boost Button Association"),
    (0x0060, "ECS66", "CN -- SNA", "Read ESME Daily Consumption Log"),
    (0x0061, "ECS68", "AC -- -", "ESME Critical Sensitive Alert (Billing Data Log)"),
    (0x0062, "ECS70", "CC -R S", "Set Clock on ESME"),
    (0x0067, "ECS80", "AC -- -", "Supply Outage Restore Alert from ESME"),
    (0x0068, "ECS81", "CC -R S", "Set Supply Tamper State on ESME"),
    (0x0069, "ECS82", "CN -- S", "Read Meter Balance for ESME"),
    (0x006B, "GCS01a", "CC FR S", "Set Tariff and Price on GSME"),
    (0x006C, "GCS02", "CC FR S", "Set GSME Payment Mode to Credit"),
    (0x006D, "GCS03", "CC FR S", "Set GSME Payment Mode to Prepayment"),
    (0x006E, "GCS04", "CC -R S", "Manage Debt on the GSME"),
    (0x006F, "GCS05", "CC FR S", "Update Prepayment Configurations on GSME"),
    (0x0070, "GCS06", "CC -R S", "Activate Emergency Credit Remotely on GSME"),
    (0x0071, "GCS07", "CN -- S", "Send Message to GSME"),
    (0x0072, "GCS09", "CN -- S", "Set Change of Tenancy date on GPF"),
    (0x0073, "GCS11", "CN -R S", "Disable Privacy PIN Protection on GSME"),
    (0x0074, "GCS13a", "CN -- SN", "Read GSME Consumption Register"),
    (0x0075, "GCS14", "CN -- S", "Read GSME Prepayment Registers"),
    (0x0076, "GCS15c", "CN -- SA", "Read GSME Billing Data Log (billing calendar triggered)"),
    (0x0077, "GCS16a", "CN -- SA", "Read GSME Daily Read Log"),
    (0x0078, "GCS17", "CN -- SNA", "Read GSME Profile Data Log"),
    (0x0079, "GCS18", "CN -- SA", "Read Gas Network Data Log"),
    (0x007B, "GCS21a", "CN -- SNA", "Read Gas Configuration Data Device Information"),
    (0x007C, "GCS23", "CC -R S", "Set CV and Conversion Factor Value(s) on the GSME"),
    (
        0x007D,
        "GCS24",
        "-- -- -",
        "Set Uncontrolled Gas Flow Rate and Supply Tamper State on the GSME",
    ),
    (0x007E, "GCS25", "CC -R -", "Set Billing Calendar on the GSME"),
    (0x007F, "GCS28", "-- -- -", "Set Clock on GSME"),
    (0x0080, "GCS31", "CN -R A", "Start Network Data Log on GSME"),
    (0x0081, "GCS32", "CC -R S", "Remotely close the valve in the GSME"),
    (0x0082, "GCS33", "CN -- SNA", "Read GSME Valve Status"),
    (0x0083, "GCS36", "CN -R A", "Send CIN to GSME"),
    (0x0084, "GCS38", "CN -- SNA", "Read GSME Firmware Version"),
    (0x0085, "GCS39", "CC -R S", "Arm Valve in GSME"),
    (0x0086, "GCS40a", "CC -R S", "Adjust Prepayment Mode Meter Balance on the GSME"),
    (0x0087, "GCS41", "CN -R S", "Set MPRN Value on the GSME"),
    (0x0088, "GCS44", "CN -- S", "Write Contact Details on GSME"),
    (0x0089, "GCS46", "CN -- SNA", "Read MPRN on the GSME"),
    (0x008B, "GCS53", "AC -- -", "Push Billing Data Log as an Alert"),
    (0x008C, "GCS59", "-- -- -", "Restore GPF Device Log"),
    (0x008D, "GCS60", "CN -- S", "Read Meter Balance for GSME"),
    (0x0090, "PCS02", "PG -- -", "Activate Emergency Credit on GSME from PPMID"),
    (0x0092, "ECS26i", "-- -- -", "Read Configuration Data Device Information (CHF identity)"),
    (0x0093, "ECS35c", "CN -- A", "Read CHF Event Log"),
    (0x0094, "ECS35d", "CN -- A", "Read CHF Security Log"),
    (0x0096, "GCS16b", "CN -- SA", "Read GSME Daily Read log(s) (prepayment)"),
    (0x0097, "CS01b", "TU -R -", "Apply Prepayment Top Up to a GSME"),
    (0x009B, "PCS01", "PG -- -", "Apply Prepayment Top Up to a GSME using PPMID"),
    (
        0x009D,
        "GCS21d",
        "-- -- -",
        "Read GSME Configuration Data Device Information (BillingCalendar)",
    ),
    (
        0x009E,
        "GCS21e",
        "-- -- -",
        "Read GSME/GPF Configuration Data Device Information (device identity)",
    ),
    (0x009F, "GCS21f", "CN -- SA", "Read GSME Tariff Data"),
    (0x00A0, "GCS61", "CN -- SNA", "Read Gas Daily Consumption Log"),
    (0x00A1, "CS10b", "CN -- SNA", "Read ZigBee Device Security Log"),
    (0x00A2, "ECS01b", "CC FR S", "Set Price on ESME"),
    (0x00A3, "GCS01b", "CC FR S", "Set Price on GSME"),
    (0x00AB, "CS03A2", "-- -- -", "Method A Join (non Meter)"),
    (0x00AC, "ECS25a", "CN -- S", "Set Alert Behaviours - ESME - Supplier"),
    (0x00AD, "GCS20", "CN -- S", "Set Alert Behaviours - GSME"),
    (0x00AE, "ECS29b", "CN -R N", "Set Voltage Configurations on ESME - 3ph"),
    (0x00AF, "CS03C", "-- -- -", "Method C Join"),
    (0x00B0, "ECS25b", "CN -- N", "Set Alert Behaviours - ESME - Network Operator"),
    (0x00B2, "GCS62", "-- -- -", "Backup GPF Device Log"),
    (0x00B3, "ECS04b", "CC -R S", "Reset Meter Balance on the ESME"),
    (0x00B4, "GCS40b", "CC -R S", "Reset Prepayment Mode Meter Balance on the GSME"),
    (0x00B5, "GCS21b", "CN -- S", "Read GSME Configuration Data Prepayment"),
    (0x00B6, "GCS13c", "CN -- SN", "Read GSME Register (TOU)"),
    (0x00B7, "ECS01c", "CC FR S", "Set Tariff and Price on ESME secondary"),
    (0x00B8, "GCS13b", "CN -- S", "Read GSME Block Counters"),
    (0x00B9, "ECS35e", "CN -- SNA", "Read ESME Power Event Log"),
    (0x00BA, "ECS35f", "-- -- -", "Read ALCS Event Log"),
    (0x00BB, "ECS61a", "-- -- -", "Read HC ALCS and ALCS Data from ESME"),
    (0x00BC, "ECS23b", "CN -- SNA", "Read Voltage Operational Data - 3 Phase"),
    (0x00BD, "ECS24b", "CN -- SA", "Read ESME Tariff Data - second element"),
    (
        0x00BE,
        "ECS26j",
        "CN -- SA",
        "Read ESME Configuration Data Device Information (Payment Mode)",
    ),
    (
        0x00BF,
        "GCS21j",
        "CN -- SA",
        "Read GSME Configuration Data Device Information (Payment Mode)",
    ),
    (0x00C0, "GCS40c", "CC -R S", "Adjust Credit Mode Meter Balance on the GSME"),
    (0x00C1, "ECS15c", "CN -- S", "Clear ALCS Event Log"),
    (0x00C2, "GCS40d", "CC -R S", "Reset Credit Mode Meter Balance on the GSME"),
    (
        0x00C3,
        "GCS15b",
        "CN -- SA",
        "Read GSME Billing Data Log (change of mode / tariff triggered)",
    ),
    (0x00C4, "GCS15d", "CN -- SA", "Read GSME Billing Data Log (payment-based debt payments)"),
    (0x00C5, "GCS15e", "CN -- SA", "Read GSME Billing Data Log (prepayment credits)"),
    (0x00C6, "ECS26k", "CN -- SNA", "Read ESME Configuration Voltage Data - 3 phase"),
    (0x00C7, "ECS01d", "CC FR S", "Set Price on ESME secondary"),
    (0x00C9, "ECS20d", "CN -- SA", "Read ESME Billing Data Log (prepayment credits)"),
    (0x00CA, "CS06", "-- -- -", "Future Dated Firmware Activation Alert"),
    (0x00CB, "CS02b", "-- -- -", "Future Dated Update Security Credentials Alert"),
    (0x00CC, "", "-- -- -", "Future Dated Execution Of Instruction Alert (DLMS COSEM)"),
    (0x00CD, "", "-- -- -", "Future Dated Execution Of Instruction Alert (GBZ)"),
    (0x00CE, "CS05b", "-- -- -", "Firmware Distribution Receipt Alert (ESME)"),
    (0x00CF, "CS05b", "-- -- -", "Firmware Distribution Receipt Alert (GSME)"),
    (0x00D1, "ECS29c", "CN -R N", "Set Voltage Configurations on ESME without counter reset"),
    (
        0x00D2,
        "ECS29d",
        "CN -R N",
        "Set Voltage Configurations on polyphase ESME without counter reset",
    ),
    (0x00D3, "ECS29e", "CN -R N", "Reset RMS Voltage Counters on ESME"),
    (0x00D4, "ECS29f", "CN -R N", "Reset RMS Voltage Counters on polyphase ESME"),
    (0x00D5, "", "-- -- -", "Failure to Deliver Remote Party Message to ESME Alert"),
    (0x00D7, "ECS30a", "CC -R S", "Set Billing Calendar on the ESME - all periodicities"),
    (0x00D8, "GCS25a", "CC -R S", "Set Billing Calendar on the GSME - all periodicities"),
    (
        0x00D9,
        "ECS26l",
        "CN -- SA",
        "Read ESME Configuration Data Device Information (Billing Calendar - all periodicities)",
    ),
    (
        0x00DA,
        "GCS21k",
        "CN -- SA",
        "Read GSME Configuration Data Device Information (BillingCalendar - all periodicities)",
    ),
    (0x00DB, "ECS48", "CC -R S", "Configure daily resetting of Tariff Block Counter Matrix"),
    (0x00DE, "ECS08a", "CC FR S", "Update Prepayment Configuration on ESME"),
    (0x00EA, "ECS25a1", "CN -- S", "Set Event Behaviours - ESME to HAN Device - Supplier"),
    (0x00EB, "ECS25a2", "CN -- S", "Set Event Behaviours - ESME audible alarm - Supplier"),
    (0x00EC, "ECS25a3", "CN -- S", "Set Event Behaviours - ESME logging - Supplier"),
    (0x00ED, "ECS25b3", "CN -- N", "Set Event Behaviours - ESME logging - Network Operator"),
    (
        0x00EE,
        "ECS25r1",
        "CN -- S",
        "Read non-critical event and alert behaviours - ESME - Supplier",
    ),
    (
        0x00EF,
        "ECS25r2",
        "CN -- N",
        "Read non-critical event and alert behaviours - ESME - Network Operator",
    ),
    (0x00F0, "", "-- -- -", "Meter Integrity Issue Warning Alert - ESME"),
    (0x00F1, "GCS20r", "CN -- S", "Read non-critical event and alert behaviours - GSME - Supplier"),
    (0x00F2, "", "-- -- -", "Meter Integrity Issue Warning Alert - GSME"),
    (
        0x00F9,
        "ECS26m",
        "CN -- SNA",
        "Read ESME Configuration Data Device Information (identity,  type and supply tamper state)",
    ),
    (
        0x00FA,
        "ECS26n",
        "CN -- A",
        "Read CHF Configuration Data Device Information (CH identity and type)",
    ),
    (
        0x00FB,
        "GCS21m",
        "CN -- SNA",
        "Read GSME Configuration Data Device Information (identity, type and supply tamper / depletion state)",
    ),
    (
        0x00FC,
        "GCS24a",
        "CC -R S",
        "Set Uncontrolled Gas Flow Rate and Supply Tamper State on the GSME (SMETS4)",
    ),
    (0x00FD, "ECS35g", "CN -- SNL", "Read ALCS Event Log"),
    (0x00FE, "CCS07", "CN -- A", "Read CHF Device Logs"),
    (0x0100, "CS02b", "-- -- -", "Update Security Credentials (rootBySupplier)"),
    (0x0101, "CS02b", "-- -- -", "Update Security Credentials (rootByWanProvider)"),
    (0x0102, "CS02b", "-- -- -", "Update Security Credentials (supplierBySupplier)"),
    (0x0103, "CS02b", "-- -- -", "Update Security Credentials (networkOperatorByNetworkOperator)"),
    (0x0104, "CS02b", "-- -- -", "Update Security Credentials (accessControlBrokerByACB)"),
    (0x0105, "CS02b", "-- -- -", "Update Security Credentials (wanProviderByWanProvider)"),
    (0x0106, "CS02b", "-- -- -", "Update Security Credentials (transCoSByTransCoS)"),
    (0x0107, "CS02b", "-- -- -", "Update Security Credentials (supplierByTransCoS)"),
    (0x0108, "CS02b", "-- -- -", "Update Security Credentials (anyExceptAbnormalRootByRecovery)"),
    (0x0109, "CS02b", "-- -- -", "Update Security Credentials (anyByContingency)"),
    (0x010A, "DBCH01", "CN -- A", "Read CHF Sub GHz Channel"),
    (0x010B, "DBCH02", "CN -- A", "Read CHF Sub GHz Channel Log"),
    (0x010C, "DBCH03", "CN -- A", "Read CHF Sub GHz Configuration"),
    (0x010D, "DBCH04", "CN -R A", "Set CHF Sub GHz Configuration"),
    (0x010E, "DBCH05", "CN -R A", "Request CHF Sub GHz Channel Scan"),
    (0x010F, "CCS06", "CN -- A", "Read CHF device log and check HAN communications"),
    (0x0110, "DBCH06", "-- -- -", "Limited Duty Cycle Action Taken Sub GHz Alert"),
    (0x0111, "DBCH07", "-- -- -", "Sub GHz Sub GHz Channel Changed Sub GHz Alert"),
    (0x0112, "DBCH08", "-- -- -", "Sub GHz Channel Scan Request Assessment Outcome Sub GHz Alert"),
    (0x0113, "DBCH09", "AN -- -", "Sub GHz Configuration Changed Sub GHz Alert"),
    (0x0114, "DBCH10", "-- -- -", "Message Discarded Due to Duty Cycle Management Sub GHz Alert"),
    (0x0115, "DBCH11", "-- -- -", "No More Sub GHz Device Capacity Sub GHz Alert"),
    (0x0116, "PECS01", "ZS -- -", "Apply Prepayment Top Up to an ESME using PPMID"),
    (0x0117, "PECS02", "ZS -- -", "Activate Emergency Credit on ESME from PPMID"),
    (0x0118, "PECS03", "ZS -- -", "Request to Enable ESME Supply from PPMID"),
    (
        0x0119,
        "HECS01",
        "ZS -- -",
        "Request Control of a HAN Connected Auxiliary Load Control Switch from HCALCS",
    ),
    (0x011A, "ECS46d", "CC FR S", "Set Auxiliary Controller Calendar"),
    (0x011B, "CS02f", "-- -- -", "Provide Security Credential Details (ESME, SAPC)"),
    (0x011C, "ECS61d", "CN -- SNAL", "Read Auxiliary Controller Configuration Data"),
    (0x011D, "ECS61e", "CN -- SNAL", "Read Auxiliary Controller Operational Data"),
    (0x011E, "ECS47a", "CC -R S", "Set Auxiliary Controller [n] State"),
    (0x011F, "ECS47e", "CC -R L", "Limit APC [n] Level"),
    (0x0120, "ECS100", "-- -- -", "alert 8F85"),
    (0x0121, "ECS101", "AC -- -", "Limit APC [n] Level Command processed"),
    (0x0122, "ECS102", "AC -- -", "Limit APC [n] Level ended or cancelled"),
    (0x0123, "ECS200", "-- -- -", "alert 8F88"),
    (0x0124, "CS02g", "-- -- -", "Future dated alert for CS02g"),
    (0x0125, "CS02g", "-- -- -", "loadControllerByLoadController"),
    (0x0126, "CS02g", "-- -- -", "loadControllerBySupplier"),
    (0x0128, "CCS08", "-- -- -", "Firmware Transfer Alert"),
    (0x0129, "CS08", "-- -- -", "Read PPMID/HCALCS Firmware Version"),
    (0x012A, "GCS60a", "-- -- -", "(Read Meter Balance for GSME, newer)"),
    (0x012B, "CS09", "-- -- -", "PPMID firmware activation alert"),
    (0x1000, "GCA", "-- -- -", "Generic Critical Alert"),
    (0x1001, "GNCA", "-- -- -", "Generic Non Critical Alert"),
)

_PROTECTIONS: Final = {
    "CC": Protection.CRITICAL_COMMAND,
    "CN": Protection.NON_CRITICAL_COMMAND,
    "TU": Protection.TOP_UP_COMMAND,
    "PG": Protection.BETWEEN_DEVICES,
    "AC": Protection.CRITICAL_ALERT,
    "AN": Protection.NON_CRITICAL_ALERT,
    "ZS": Protection.ZIGBEE,
    "--": Protection.NOT_SAID,
}


def _row(code: int, reference: str, marks: str, title: str) -> UseCase:
    protection, may, roles = marks.split()
    return UseCase(
        code=code,
        reference=reference,
        title=title,
        protection=_PROTECTIONS[protection],
        future_datable="F" in may,
        replay_protected="R" in may,
        roles=roles.strip("-"),
    )


USE_CASES: Final = MappingProxyType({row[0]: _row(*row) for row in _ROWS})
"""The use case of each message code. A code that is not here is not known."""
