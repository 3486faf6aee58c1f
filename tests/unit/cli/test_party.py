"""A party of one's own: registered, refused with reasons, and given what it asks for."""

from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from smki.bootstrap import load_settings, open_front
from smki.flows.apikeys import identify

MINE = "0A-53-4D-4B-4C-02-00-01"
SUPPLIER = "0A-53-4D-4B-49-02-00-01"  # of a sample party
ACME = (
    "party",
    "add",
    "acme",
    "--trading-name",
    "Acme Energy",
    "--identity",
    f"{MINE}=supplier",
    "--import-supplier",
)


@pytest.mark.clause("sec-app-d:3", "gbcs:4.3.1")
def test_a_party_is_registered_and_stays(house: Any) -> None:
    """It is listed and shown by every later command; the same again changes nothing."""
    code, made = house.json(*ACME)
    assert (code, made["new"]) == (0, True)
    assert made["identities"] == [{"eui64": MINE, "role": "supplier"}]
    code, again = house.json(*ACME)
    assert (code, again["new"]) == (0, False)
    names = [one["party"] for one in house.json("party", "list")[1]["parties"]]
    assert names.count("acme") == 1
    _, shown = house.json("party", "show", "acme")
    assert shown == house.json("registration", "party", "acme")[1]
    assert (shown["import_supplier"], shown["gas_supplier"], shown["credentials"]) == (
        True,
        False,
        [],
    )


@pytest.mark.clause("gbcs:4.3.2.2")
@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("network-operator", "network_operator"),
        ("03", "network_operator"),
        ("7f", "other"),
        ("manufacturer", "manufacturer"),
    ],
)
def test_roles_are_read_in_words_and_digits(house: Any, role: str, expected: str) -> None:
    """With hyphens, as two hexadecimal digits, and none at all for a manufacturer."""
    asked = ("party", "add", "one", "--trading-name", "One", "--identity", f"{MINE}={role}")
    code, made = house.json(*asked)
    assert (code, made["identities"][0]["role"]) == (0, expected)


@pytest.mark.clause("sec-app-d:3", "gbcs:4.3.1", "gbcs:4.3.2.2", "sec:L3.16", "sec:L3.17")
@pytest.mark.parametrize(
    ("name", "identities", "flags", "said", "clause"),
    [
        ("acme", (f"{SUPPLIER}=other",), (), "registered for party supplier", "gbcs:4.3.1"),
        ("supplier", (f"{MINE}=other",), (), "the name is taken", "sec-app-m:2"),
        ("acme", (f"{MINE}=other", f"{MINE}=03"), (), "given 2 times", "gbcs:4.3.1"),
        ("acme", ("00" * 8 + "=other",), (), "stands for nobody", "gbcs:4.3.1"),
        ("acme", (f"{MINE}=boss",), (), "role 'boss': there is none", "gbcs:4.3.2.2"),
        ("acme", (MINE,), (), "no role, must be EUI64=ROLE", "gbcs:4.3.2.2"),
        ("acme", ("12=other",), (), "must be 16 hexadecimal digits", "gbcs:4.3.1"),
        ("acme", (f"{MINE}=root",), (), "for authorities only", "sec:L3.17"),
        ("acme", (f"{MINE}=recovery",), (), "for the DCC only", "sec:L3.17"),
        ("acme", (f"{MINE}=supplier",), (), "supplies nothing", "sec:L3.16"),
        ("acme", (f"{MINE}=other",), ("--gas-supplier",), "without the role", "sec:L3.16"),
        ("Acme!", (f"{MINE}=other",), (), "short name 'Acme!'", "sec-app-d:3"),
    ],
)
def test_what_cannot_be_registered_is_refused(
    house: Any,
    name: str,
    identities: tuple[str, ...],
    flags: tuple[str, ...],
    said: str,
    clause: str,
) -> None:
    """Taken or malformed names and identifiers, and roles that are not its, leave nothing behind."""
    before = house.json("party", "list")[1]
    options = [word for one in identities for word in ("--identity", one)]
    code, shown = house.json("party", "add", name, "--trading-name", "Acme", *options, *flags)
    assert (code, shown["error"]["clause"]) == (1, clause)
    assert said in shown["error"]["message"]
    assert house.json("party", "list")[1] == before


@pytest.mark.clause("sec-app-d:3")
def test_a_trading_name_is_one_partys(house: Any) -> None:
    """A credential tells by it whose it is: no other party gets it, in any spelling."""
    asked = ("party", "add", "acme", "--identity", f"{MINE}=other")
    code, shown = house.json(*asked, "--trading-name", "sample  energy SUPPLIER")
    assert (code, shown["error"]["clause"]) == (1, "sec-app-d:3")
    assert "another party has it" in shown["error"]["message"]


def test_every_reason_is_told_at_once(house: Any) -> None:
    """Who must change two things is told both."""
    code, shown = house.json(
        "party", "add", "A", "--trading-name", " ", "--identity", f"{MINE}=root"
    )
    assert code == 1
    for said in ("short name 'A'", "trading name ' '", "authorities only"):
        assert said in shown["error"]["message"]


@pytest.mark.clause("sec-app-d:5.4", "sec-app-m:G")
def test_its_system_gets_a_credential_and_its_name_is_its_own(house: Any, tmp_path: Path) -> None:
    """A name in force is refused for the same interface, free for another and after revocation."""
    assert house.run(*ACME)[0] == 0

    def certified(number: int, name: str, interface: str = "batch") -> tuple[int, Any]:
        request, key = tmp_path / f"{number}.csr", tmp_path / f"{number}.key"
        words = ("csr", "system", "--organisation", "Acme Energy", "--role", "supplier")
        files = ("--out", str(request), "--key-out", str(key))
        code, said = house.run(*words, "--name", name, *files)
        assert (code, "--interface portal|adhoc|batch --out CERT', or" in said) == (0, True)
        assert key.stat().st_mode & 0o077 == 0
        out = str(tmp_path / f"{number}.pem")
        return house.json(  # type: ignore[no-any-return]  # the fixture's document
            *("registration", "credential", str(request), "--party", "acme"),
            *("--interface", interface, "--out", out),
        )

    code, first = certified(1, "System One")
    assert code == 0
    code, refused = certified(2, "system  one")
    assert (code, refused["error"]["clause"], refused["error"]["where"]) == (1, "sec-app-m:G", "CN")
    assert "must be one that no other has" in refused["error"]["message"]
    assert "revoke the earlier credential first" in refused["error"]["message"]
    assert not (tmp_path / "2.pem").exists()
    assert certified(3, "System One", "adhoc")[0] == 0
    assert certified(4, "System Two")[0] == 0
    assert house.json("registration", "revoke", first["serial"])[0] == 0
    assert certified(5, "System One")[0] == 0
    credentials = house.json("party", "show", "acme")[1]["credentials"]
    assert [one["revoked"] for one in credentials].count(False) == 3


@pytest.mark.clause("sec-app-m:F", "sec:L3.17")
def test_its_organisation_certificate(house: Any, tmp_path: Path) -> None:
    """A request of `smki csr organisation` becomes a certificate of the party's identifier."""
    assert house.run(*ACME)[0] == 0
    request, key, out = (tmp_path / name for name in ("a.csr", "a.key", "a.pem"))
    files = ("--out", str(request), "--key-out", str(key))
    words = ("csr", "organisation", "--entity", MINE, "--role", "02", "--usage", "ka")
    assert house.run(*words, *files)[0] == 0
    asked = ("registration", "organisation", str(request), "--party", "acme", "--out", str(out))
    assert house.run(*asked)[0] == 0
    certificate = x509.load_pem_x509_certificate(out.read_bytes())
    assert certificate.extensions.get_extension_for_class(x509.KeyUsage).value.key_agreement
    code, shown = house.json(
        *("csr", "organisation", "--entity", MINE, "--role", "manufacturer", "--usage", "ds"),
        *("--out", str(tmp_path / "b.csr"), "--key-out", str(tmp_path / "b.key")),
    )
    assert (code, shown["error"]["where"]) == (1, "--role")


@pytest.mark.clause("sec-app-p:1")
def test_an_api_key_is_told_once_and_kept_as_its_digest(house: Any) -> None:
    """Each is another, identifies the party, and stands nowhere in the state directory."""
    assert house.run(*ACME)[0] == 0
    keys = [house.json("party", "apikey", "acme")[1]["apikey"] for _ in range(2)]
    assert len(set(keys)) == 2
    with open_front(load_settings({"SMKI_STATE": str(house.state)})) as front:
        for key in keys:
            assert identify(front, key) == "acme"
    held = b"".join(path.read_bytes() for path in house.state.glob("smki.sqlite*"))
    assert not any(key.encode() in held for key in keys)
    code, shown = house.json("party", "apikey", "nobody")
    assert (code, shown["error"]["family"]) == (1, "refused")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("party", "add", "acme"), "Missing option"),
        (("party", "nonsense"), "No such command"),
        (("registration", "approve", "x"), "not a valid integer"),
        (("nonsense",), "No such command"),
        (("status", "--nonsense"), "No such option"),
    ],
)
def test_wrong_use_is_one_document_too(house: Any, words: tuple[str, ...], said: str) -> None:
    """With --json a wrong use is told in JSON on standard output; exit code 2 either way."""
    code, shown = house.json(*words)
    assert (code, shown["error"]["family"]) == (2, "usage")
    assert said in shown["error"]["message"]
    code, out = house.run(*words)
    assert (code, out) == (2, "")
