"""`smki party`: registers parties, gives them API keys, lists them, shows one.

Who verifies that a party is who it says, and by which steps, comes with registration in full; what
is registered here counts at once, in a running server too.
"""

import os
from typing import Any

import click

from smki.bootstrap import load_settings, open_front
from smki.flows.apikeys import shown_keys
from smki.flows.registering import give_sshkey, register_party, take_sshkey
from smki.interfaces.cli.lazy import WholeSentences
from smki.interfaces.cli.output import emit, json_option, read_input, reporting
from smki.interfaces.cli.party_apikeys import apikey, apikey_fields, apikey_line, apikeys
from smki.interfaces.cli.party_demand import audit, forecast, show_usage
from smki.interfaces.cli.registered import registered_party
from smki.interfaces.cli.roles import read_role, role_name
from smki.ports import Party
from smki.terms import EUI64, Malformed, RemotePartyRole
from smki.wire.ssh_keys import fingerprint, parse_fingerprint


@click.group(cls=WholeSentences, short_help="Register a party, list them, show one.")
def party() -> None:
    """Parties: register one, give it an API key, show its use of the repository, list them."""


for command in (apikey, apikeys, forecast, show_usage, audit):
    party.add_command(command)


@party.command
@click.argument("name")
@click.option(
    "--trading-name",
    required=True,
    metavar="TEXT",
    help="As the O of its credentials names it, to the letter.",
)
@click.option(
    "--identity",
    "identities",
    required=True,
    multiple=True,
    metavar="EUI64=ROLE",
    help="An EUI-64 of its own and the role it is for: supplier, network-operator, other,"
    " load-controller, manufacturer ... or two hexadecimal digits. Can be given several times.",
)
@click.option("--import-supplier", is_flag=True, help="Supplies electricity, as Import Supplier.")
@click.option("--gas-supplier", is_flag=True, help="Supplies gas, as Gas Supplier.")
@click.option("--operator", is_flag=True, help="Is the DCC.")
@json_option
def add(
    name: str,
    *,
    trading_name: str,
    identities: tuple[str, ...],
    as_json: bool,
    **flags: bool,
) -> None:
    """Register a party under a short NAME: lower-case letters, digits and hyphens.

    A running server knows it at once. The same registration again changes nothing; what is
    registered cannot be changed or removed yet.
    """
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        wanted = Party(
            party=name, name=trading_name, identities=tuple(map(_identity, identities)), **flags
        )
        new = front.registry.party(name) != wanted
        register_party(front, wanted)
    role = wanted.identities[0][1]
    unit = "7F" if role is None else role.organisational_unit
    lines = (
        f"{name}: {trading_name} {'is' if new else 'was'} registered, {len(identities)} EUI-64",
        (
            f'next: \'smki csr system --organisation "{trading_name}" --role {unit} --name NAME'
            " --out FILE --key-out FILE' makes the CSR of a system, 'smki registration"
            " credential' certifies it"
        ),
    )
    emit({**party_fields(wanted), "new": new}, lines, as_json=as_json)


def _identity(text: str) -> tuple[EUI64, RemotePartyRole | None]:
    identity, separator, role = text.partition("=")
    if not separator:
        raise Malformed(
            f"identity {text[:60]!r}: no role, must be EUI64=ROLE, as"
            " 0A-53-4D-4B-49-02-00-09=supplier",
            where="--identity",
            clause="gbcs:4.3.2.2",
            rule="party.identities",
        )
    return EUI64.parse(identity.strip()), read_role(role)


@party.command("list")
@json_option
def list_parties(*, as_json: bool) -> None:
    """List the registered parties."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = front.registry.parties()
    width = max((len(one.party) for one in found), default=0)
    lines = [f"{one.party:{width}}  {one.name}, {len(one.identities)} EUI-64" for one in found]
    lines.append("next: 'smki party show NAME' for its identifiers and credentials")
    emit({"parties": [party_fields(one) for one in found]}, lines, as_json=as_json)


@party.command("show")
@click.argument("name")
@json_option
def show_party(name: str, *, as_json: bool) -> None:
    """Show a party: its identifiers, and its credentials with their serial numbers."""
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        found = registered_party(front, name)
        credentials = [
            {"serial": str(one.serial), "interface": one.interface.value, "revoked": one.revoked}
            for one in front.registry.credentials(name)
        ]
        sshkeys = [
            {"fingerprint": fingerprint(one.digest), "algorithm": one.algorithm}
            for one in front.registry.sshkeys(name)
        ]
        keys = shown_keys(front, name)
    fields = party_fields(found)
    lines = [f"{found.party}: {found.name}"]
    lines += [f"  {one['eui64']} {one['role']}" for one in fields["identities"]]
    lines += [
        f"  {one['interface']:6} credential {one['serial']}{' revoked' if one['revoked'] else ''}"
        for one in credentials
    ]
    lines += [f"  sftp   {one['algorithm']} {one['fingerprint']}" for one in sshkeys]
    lines += [f"  apikey {apikey_line(one)}" for one in keys if one.standing.opens]
    lines.append("next: 'smki registration revoke SERIAL' if one is lost or no longer wanted")
    shown = {
        "credentials": credentials,
        "sshkeys": sshkeys,
        "apikeys": list(map(apikey_fields, keys)),
    }
    emit({**fields, **shown}, lines, as_json=as_json)


@party.command
@click.argument("name")
@click.argument("file", required=False)
@click.option(
    "--remove",
    metavar="FINGERPRINT",
    help="Take a key away instead, as 'smki party show' names it.",
)
@json_option
def sshkey(name: str, *, file: str | None, remove: str | None, as_json: bool) -> None:
    """Let a party into the SFTP server by its public key, or take one away.

    FILE is the public half, as 'ssh-keygen -t ed25519' writes it into a file .pub; - is standard
    input. The party logs in as NAME. A key that is taken away closes what it opened within seconds.
    """
    if (file is None) == (remove is None):
        raise click.UsageError("either FILE or --remove FINGERPRINT must be given")
    with reporting(as_json=as_json), open_front(load_settings(os.environ)) as front:
        if file is not None:
            shown = fingerprint(give_sshkey(front, name, read_input(file)).digest)
        else:
            digest = parse_fingerprint(shown := str(remove))
            take_sshkey(front, name, digest)
    lines = (
        f"{name}: the key {shown} {'opens' if file else 'no longer opens'} the SFTP server",
        f"next: 'sftp -P PORT {name}@HOST', where 'smki status' says"
        if file
        else "next: 'smki party show' for the keys that are left",
    )
    emit({"party": name, "fingerprint": shown, "removed": file is None}, lines, as_json=as_json)


def party_fields(found: Party) -> dict[str, Any]:
    """The party as `--json` shows it."""
    return {
        "party": found.party,
        "name": found.name,
        "identities": [
            {"eui64": str(identity), "role": role_name(role)} for identity, role in found.identities
        ],
        "import_supplier": found.import_supplier,
        "gas_supplier": found.gas_supplier,
        "operator": found.operator,
    }
