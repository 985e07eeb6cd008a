"""A seal as text, its signature, and what is wrong with a chain of them."""

from __future__ import annotations

import base64
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import ConfigurationError
from core.base.secret import Secret
from core.seals.chain import check_chain, clock_notes
from core.seals.entry_list import ListWriter, UnreadableBlock, parse_block, sha256_of, unpack
from core.seals.proof import UnreadableProof, parse_proof
from core.seals.seal import Seal, SealContent, UnreadableSeal, parse_seal
from core.seals.signing import SigningKey, is_signed_by, parse_public_key, public_key_as_pem
from tests.support.properties import examples

KEY = SigningKey.create()


def content(number: int = 1, previous: str = "", key: SigningKey = KEY, **others: object) -> SealContent:
    values: dict[str, object] = {
        "database": "d" * 64,
        "practice": "Zahnärzte",
        "number": number,
        "previous": previous,
        "entries": 3,
        "first": 1,
        "last": 3,
        "newest": 20241104100000,
        "root": "r",
        "entry_list": "l",
        "sealed_at": 20241104100000 + number,
        "utc": "2024-11-04T15:00:00Z",
        "actor": "Admin",
        "computer": "server-1",
        "program": "0.2.0",
        "public_key": key.public_key,
        "next_key": key.public_key,
    }
    return SealContent(**(values | others))  # type: ignore[arg-type]


def make_chain(length: int) -> list[Seal]:
    chain: list[Seal] = []
    for number in range(1, length + 1):
        chain.append(KEY.sign(content(number, chain[-1].sha256 if chain else "")))
    return chain


def problems(chain: list[Seal], public_key: str = "") -> list[str]:
    return [each.sentence for each in check_chain(chain, "d" * 64, public_key)]


# -- text ------------------------------------------------------------------------------


def test_a_seal_reads_itself_from_both_forms() -> None:
    seal = KEY.sign(content())
    assert parse_seal(seal.as_json(), "") == seal
    assert parse_seal(seal.as_line(), "") == seal


def test_the_line_survives_an_email() -> None:
    line = KEY.sign(content()).as_line()
    broken = "\n> ".join(line[start : start + 70] for start in range(0, len(line), 70))
    assert parse_seal(f"Hello,\n> {broken}\n\nYours\n", "").as_line() == line


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "apisetup-seal-1.", "apisetup-seal-1.e30.AAAA", '{"seal": 1}', "9" * 9]
)
def test_what_is_no_seal_is_refused(text: str) -> None:
    with pytest.raises(UnreadableSeal, match=r"mail\.txt isn't a complete seal"):
        parse_seal(text, "mail.txt")


def test_what_is_no_proof_is_refused() -> None:
    with pytest.raises(UnreadableProof, match=r"proof\.json isn't a complete proof"):
        parse_proof('{"apisetup_proof": 1, "seal": {}}', "proof.json")


# -- signatures --------------------------------------------------------------------------


def test_openssl_confirms_a_signature_and_reads_the_key(tmp_path: Path) -> None:
    seal = KEY.sign(content())
    files = {name: tmp_path / name for name in ("public.pem", "private.pem", "seal", "signature")}
    files["public.pem"].write_text(public_key_as_pem(KEY.public_key))
    files["private.pem"].write_text(KEY.as_pem().reveal())
    files["seal"].write_bytes(seal.signed_bytes)
    files["signature"].write_bytes(base64.b64decode(seal.signature))
    checked = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "seal"]
    verified = subprocess.run([*checked, "-sigfile", "signature"], cwd=tmp_path, capture_output=True, check=False)
    assert verified.returncode == 0, verified.stderr
    derived = subprocess.run(["openssl", "pkey", "-in", "private.pem", "-pubout"], cwd=tmp_path, capture_output=True)
    assert derived.stdout.decode() == public_key_as_pem(KEY.public_key)


def test_a_key_made_by_openssl_signs(tmp_path: Path) -> None:
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True)
    key = SigningKey.parse(Secret(made.stdout.decode()), "the file")
    in_one_line = "".join(made.stdout.decode().splitlines()[1:-1])
    assert SigningKey.parse(Secret(in_one_line), "the keyring").public_key == key.public_key
    assert is_signed_by(key.sign(content()), key.public_key)


def test_what_is_no_key_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        SigningKey.parse(Secret("hunter2"), "The keyring")
    assert "hunter2" not in f"{refused.value!r}{refused.value.__cause__}{refused.value.__context__}"
    with pytest.raises(ConfigurationError, match="isn't an Ed25519 public key"):
        parse_public_key("hello", "key.pem")


@pytest.mark.parametrize(
    ("name", "value"),
    [("entries", 2), ("last", 9), ("root", "x"), ("actor", "Maria"), ("sealed_at", 1), ("previous", "x")],
)
def test_a_changed_seal_has_a_wrong_signature(name: str, value: object) -> None:
    chain = make_chain(1)
    changed = replace(chain[0], content=replace(chain[0].content, **{name: value}))  # type: ignore[arg-type]
    assert problems([changed]) == ["The signature of seal 1 is wrong: the seal was changed after it was signed."]


# -- chains ------------------------------------------------------------------------------


def test_a_chain_in_order_has_no_problem() -> None:
    assert problems(make_chain(4)) == []
    assert problems(make_chain(4), KEY.public_key) == []


def test_a_missing_seal_is_named() -> None:
    chain = make_chain(5)
    assert problems([chain[0], *chain[3:]]) == [
        "Seals 2 to 3 are missing. Look for copies of the companion or of seal_dir."
    ]
    assert problems(chain[1:])[-1] == "Seal 1 is missing."


def test_an_exchanged_seal_breaks_the_chain() -> None:
    chain = make_chain(3)
    other = KEY.sign(replace(chain[1].content, root="x"))
    assert problems([chain[0], other, chain[2]]) == [
        "Seal 3 doesn't follow seal 2: it names another seal before it. One of the two was exchanged."
    ]


def test_the_seal_of_another_practice_proves_nothing() -> None:
    foreign = KEY.sign(content(database="e" * 64))
    (found,) = check_chain([foreign], "d" * 64)
    assert found.sentence == "Seal 1 belongs to another practice (Zahnärzte), so it proves nothing here."
    assert found.proves_nothing == (1,)


def test_a_key_that_no_seal_announced_is_named() -> None:
    (first,) = make_chain(1)
    forged = SigningKey.create()
    second = forged.sign(content(2, first.sha256, forged))
    assert "The change of the key isn't sealed, so the seal may be forged." in problems([first, second])[0]


def test_a_key_that_was_changed_with_a_seal_is_right() -> None:
    new = SigningKey.create()
    first = KEY.sign(content(next_key=new.public_key))
    second = new.sign(content(2, first.sha256, new))
    assert problems([first, second]) == []
    assert problems([first, second], KEY.public_key) == problems([first, second], new.public_key) == []


def test_a_chain_of_a_forger_does_not_have_the_given_key() -> None:
    assert problems(make_chain(2), SigningKey.create().public_key)[0].startswith("No seal is signed with the given key")


def test_a_clock_that_went_back_is_noted() -> None:
    first = KEY.sign(content(sealed_at=20241104100000))
    second = KEY.sign(content(2, first.sha256, sealed_at=20241103090000))
    assert clock_notes([first, second]) == [
        "Between seal 1 and seal 2 the server's clock went back from 2024-11-04 10:00 to 2024-11-03 09:00. Entries of"
        " that time may seem to be older than they are."
    ]


# -- lists of entries ----------------------------------------------------------------------


@given(st.sets(st.integers(-(2**63), 2**63 - 1), max_size=60), st.data())
@examples(60)
def test_a_list_gives_its_entries_back(chosen: set[int], draw: st.DataObject) -> None:
    numbers = sorted(chosen)
    times = st.integers(0, 99991231235959)
    moments = draw.draw(st.lists(times, min_size=len(numbers), max_size=len(numbers)))
    digests = b"".join(number.to_bytes(8, "big", signed=True) * 4 for number in numbers)
    writer = ListWriter()
    blocks = [parse_block(each.line) for each in (*writer.add(numbers, moments, digests), *writer.finish())]
    listed = [unpack(block.content) for block in blocks]
    assert [number for each in listed for number in each.numbers] == numbers
    assert [moment for each in listed for moment in each.moments] == moments
    assert writer.sha256 == sha256_of(blocks)


@pytest.mark.parametrize("content", ["", "x", "AAAA", "AAAAAQ==", base64.b64encode(b"\xff" * 90).decode()])
def test_what_is_no_block_is_refused(content: str) -> None:
    with pytest.raises(UnreadableBlock):
        unpack(content)
