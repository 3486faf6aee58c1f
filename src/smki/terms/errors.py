"""Few errors, named by whose fault it is.

`Malformed` is their bytes, `Refused` our rules, `Unavailable` the world, `Inconsistent` ourselves.
The wording is always the same: what was found, what was expected, where, and the clause that asks.
Interfaces translate these four into statuses and exit codes in one table; nothing below catches
them to make them vanish.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as a rule wants it.

    Attributes:
        rule: short stable name of the rule, `device.subject.empty`.
        message: what was found and what was expected, a sentence without a full stop.
        where: field, element or offset; empty if the whole thing is meant.
        clause: identifier in the clause catalogue, `gbcs:12.2`.
        advice: what to do next; empty if the message says it.
    """

    rule: str
    message: str
    where: str = ""
    clause: str = ""
    advice: str = ""

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        source = f". {self.clause}" if self.clause else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.message}{place}{advice}{source}"


class SmkiError(Exception):
    """The family of every error that leaves a room.

    Attributes:
        family: `malformed`, `refused`, `unavailable` or `inconsistent`.
        message: what was found and what was expected.
        where: field, element or offset.
        clause: identifier in the clause catalogue.
        rule: short stable name of the rule that was broken, by which interfaces choose a code.
    """

    family = "error"

    def __init__(self, message: str, *, where: str = "", clause: str = "", rule: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.clause = clause
        self.rule = rule

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        source = f". {self.clause}" if self.clause else ""
        return f"{self.message}{place}{source}"

    def __reduce__(self) -> tuple[object, ...]:
        return (_restore, (type(self), self.message, self.where, self.clause, self.rule))


def _restore(kind: type[SmkiError], message: str, where: str, clause: str, rule: str) -> SmkiError:
    return kind(message, where=where, clause=clause, rule=rule)


class Malformed(SmkiError):
    """Their bytes: structure, field, offset. Sending the same again will not help."""

    family = "malformed"


class Refused(SmkiError):
    """Our rules: every finding, each with its clause; the message says what to do, too."""

    family = "refused"

    def __init__(
        self,
        message: str = "",
        *,
        findings: tuple[Finding, ...] = (),
        where: str = "",
        clause: str = "",
        rule: str = "",
    ) -> None:
        self.findings = findings
        if findings and not message:
            message = "; ".join(
                said for finding in findings for said in (finding.message, finding.advice) if said
            )
            where = where or findings[0].where
            clause = clause or findings[0].clause
            rule = rule or findings[0].rule
        super().__init__(message, where=where, clause=clause, rule=rule)


class Unavailable(SmkiError):
    """The world: a token, a disk, a server. May be tried again."""

    family = "unavailable"


class Inconsistent(SmkiError):
    """We disagree with ourselves: stop, change nothing, call for help."""

    family = "inconsistent"
