"""`understream verify`: like a notary, offline, and never taken in."""

import json
import os
import subprocess
import sys
from time import perf_counter

import pytest

from tests.sealing import EVALUATION, OTHER_SEED, PARTIES, SEED, Host, part_of, rechained, salt_of
from understream.console.main import main
from understream.measurement.bundle import bundle_file
from understream.measurement.receipt import receipt_text
from understream.measurement.seal import LARGEST_NUMBER, fingerprint, padded, public_key, words_of

HOST = Host()
BEGUN, RELEASED, HARBOUR, MILL, HARD, SOFT = HOST.whole()


@pytest.fixture
def verify(tmp_path, monkeypatch, capsys):
    """Run the command on files written from bytes and receipts; return code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def run(bundle, *receipts, options=()):
        (tmp_path / "bundle.json").write_bytes(bundle)
        typed = ["verify", "bundle.json", *options]
        for place, one in enumerate(receipts):
            content = one if isinstance(one, bytes) else receipt_text(one).encode()
            (tmp_path / f"receipt-{place}.txt").write_bytes(content)
            typed += ["--receipt", f"receipt-{place}.txt"]
        code = main(typed)
        return code, *capsys.readouterr()

    return run


def said(text):
    """Return what was printed on one line, wherever it was broken."""
    return " ".join(text.split())


# ---------------------------------------------------------------- accepted


def test_each_party_has_its_bundle_accepted_with_its_own_receipt(verify):
    for party, receipt in (("h", HARBOUR), ("m", MILL)):
        code, out, err = verify(HOST.file(reader=party), receipt)
        text = said(out)
        assert (code, err) == (0, "")
        assert f"“Autumn” of the alliance “Cold Chain”, made for {PARTIES[party]} on" in text
        assert f"{PARTIES[party]} sealed its reflection on 12 November 2026, 14:0" in text
        assert fingerprint(public_key(SEED)) in text
        for one in (HARBOUR, MILL):
            for language in ("en", "nl"):
                assert " ".join(words_of(one.digest, language)) in text
        assert "has 6 entries; each follows from the one before" in text
        assert text.count("and just as it was sealed.") == 4
        assert "fixed at its close: Harbour Logistics. Not in this bundle: Mill Foods." in text
        assert "ACCEPTED What is open is what " in text


def test_it_says_how_far_the_receipts_reach(verify):
    _, out, _ = verify(HOST.file(), HARBOUR)
    text = said(out)
    assert "Your receipts reach to entry 3" in text
    assert "Mill Foods sealed on 12 November 2026, 14:04 UTC, entry 4; no receipt" in text
    assert "For Harbour Logistics your receipts prove it. For Mill Foods it rests on the" in text

    _, out, _ = verify(HOST.file(), BEGUN)
    assert "prove it" not in out
    assert "For Harbour Logistics and Mill Foods it rests on the host's word." in said(out)

    _, out, _ = verify(HOST.file(), HARBOUR, SOFT)
    text = said(out)
    assert "Your receipts reach to the last" in text
    assert "reflections were opened on 12 November 2026, 14:06 UTC" in text
    assert "ACCEPTED What is open is what was sealed, and every party had sealed before" in text
    assert "rests on" not in text


def test_what_is_not_open_yet_is_said_to_be_sealed(verify):
    host = Host()
    begun = host.begin()
    _, out, _ = verify(host.file(), begun)
    assert "Harbour Logistics has no seal that stands." in said(out)
    assert "Not every party has sealed yet, and nothing is open." in said(out)

    first = host.seal("h")
    back = host.write("taken back", party="h")
    again = host.seal("h", "Better.")
    code, out, _ = verify(host.file(), first, back, again, options=["--show"])
    text = said(out)
    assert code == 0
    assert "The receipt in receipt-0.txt is genuine, but its seal was taken back later" in text
    assert text.count("taken back later") == 1
    assert "Harbour Logistics took its seal back on" in text
    assert "Part 1, goals, environment and the hard side: still sealed." in text
    assert "Nothing is open, so there is nothing to show." in text

    host.seal("m")
    code, out, _ = verify(host.file(), again)
    assert "yet nothing is open in this bundle" in said(out)
    called_off = Host()
    called_off.begin()
    receipt = called_off.write("cancelled")
    code, out, _ = verify(called_off.file(), receipt)
    assert (code, "ended before all had sealed; nothing was opened" in said(out)) == (0, True)


def test_show_prints_what_is_open_topic_by_topic(verify):
    code, out, _ = verify(HOST.file(), SOFT, options=["--show"])

    assert code == 0
    shown = out.partition("\nOPEN\n")[2]
    assert shown.startswith(
        "\n  Harbour Logistics, part 1: goals, environment and the hard side\n"
    )
    assert (
        "    Our goals (EV1)\n      Changed: a lot\n      For the alliance that: helps\n"
        "      What we see: Mill Foods: As in spring.\n      How sure: high\n"
        "      Another view among us:\n        Not all of us.\n"
    ) in shown
    assert "    Saying and doing (EV12)\n      Rating, 1 to 7: can't judge\n" in shown
    assert shown.count("What we see: ") == 4
    assert "OPEN" not in verify(HOST.file(), SOFT)[1]


def test_json_tells_programs_the_same(verify):
    code, out, _ = verify(HOST.file(), MILL, options=["--json", "--show"])
    told = json.loads(out)

    assert (code, told["accepted"], told["reason"]) == (0, True, "")
    assert (told["entries"], told["covered"], told["evaluation"]) == (6, 4, EVALUATION)
    assert told["receipts"][0]["words"]["nl"] == [*words_of(MILL.digest, "nl")]
    assert told["receipts"][0]["counts"] is True
    assert [(one["name"], one["open"]) for one in told["parties"]] == [
        ("Harbour Logistics", [1, 2]), ("Mill Foods", [1, 2])
    ]  # fmt: skip
    assert len(told["documents"]) == 4
    assert all(one["passed"] for one in told["checks"])

    code, out, _ = verify(HOST.file(title="Spring"), MILL, options=["--json", "--show"])
    told = json.loads(out)
    assert (code, told["accepted"], "documents" in told) == (1, False, False)
    assert told["reason"].startswith("Names are not those")


def test_a_mailbox_with_receipts_of_other_evaluations_does(verify):
    other = Host(evaluation="e2" * 16, log="20" * 16)
    other.begin()
    box = receipt_text(other.seal("h")) + "\n\n" + receipt_text(MILL)

    code, out, _ = verify(HOST.file(), box.encode())
    assert code == 0
    assert "Receipts of other evaluations in these files, not used: 1." in out
    # A file of its own with nothing but another evaluation's receipt is no evidence here.
    code, out, _ = verify(HOST.file(), MILL, other.receipt(1))
    assert (code, "The bundle is not of the alliance of the receipt" in said(out)) == (1, True)


# ---------------------------------------------------------------- rejected


def forked(seed=SEED):
    """Return a whole log in which Mill sealed something else."""
    fork = Host(seed=seed)
    fork.begin()
    fork.release()
    fork.seal("h")
    fork.seal("m", "We never said that.")
    fork.reveal(1)
    fork.reveal(2)
    return fork


def other_opening():
    """Return a bundle in which Mill's opened part is another one than it sealed."""
    openings = list(HOST.bundle().openings)
    openings[2] = (
        HOST.bundle()
        .openings[2]
        .__class__("m", 1, part_of("m", 1, "Nicer words.").decode(), salt_of("other").hex())
    )
    return HOST.file(openings=tuple(openings))


def other_evaluation():
    """Return a bundle of the next evaluation in the same log."""
    host = Host()
    host.entries = list(HOST.entries)
    host.evaluation = "e2" * 16
    host.begin()
    return host.file(openings=(), releases=())


LESS = tuple(one for one in HOST.entries if one.index != 1)
REJECTED = {
    "forgery 1, a changed byte": (
        HOST.file().replace(b"As in spring.", b"As in Spring.", 1),
        "The bundle was changed after the host signed it.",
    ),
    "forgery 2, made anew with the same key": (
        forked().file(),
        "The log was rewritten since the receipt was given, at entry 4 or before it.",
    ),
    "forgery 2, made anew with another key": (
        forked(OTHER_SEED).file(),
        "The bundle was not signed with the key of the receipt, whose fingerprint is 4357 f22e",
    ),
    "forgery 3, a removed entry": (
        HOST.file(entries=LESS, releases=()),
        "The log does not hang together: entry 2 does not follow from those before.",
    ),
    "forgery 3, a removed entry with the chain recomputed": (
        HOST.file(entries=rechained(HOST.log, LESS), releases=()),
        "The log was changed: the host never signed entry 2 as it stands here.",
    ),
    "forgery 4, a log forked before the receipt": (
        HOST.file(entries=tuple(Host().forge(LESS).entries), releases=()),
        "The log was rewritten since the receipt was given, at entry 4 or before it.",
    ),
    "another opening": (other_opening(), "not what was sealed: Mill Foods, part 1."),
    "another evaluation": (
        other_evaluation(),
        "The bundle is not of the evaluation of the receipt, “Autumn”.",
    ),
    "another alliance": (
        HOST.file(log="20" * 16),
        "The bundle is not of the alliance of the receipt, “Cold Chain”.",
    ),
    "swapped names": (
        HOST.file(parties=(("h", "Mill Foods"), ("m", "Harbour Logistics"))),
        "Names are not those with which it began (those of the bundle)",
    ),
    "figures left out": (HOST.file(releases=()), "The figures of “Autumn pulse” are not those"),
    "a log without the beginning": (
        HOST.file(entries=(), openings=(), releases=()),
        "The bundle ends before entry 4, of which the receipt tells",
    ),
}


@pytest.mark.parametrize("forgery", REJECTED)
def test_a_forgery_is_rejected_with_its_reason_and_what_to_do_next(verify, forgery):
    content, reason = REJECTED[forgery]

    code, out, err = verify(content, MILL, options=["--show"])

    assert (code, err) == (1, "")
    assert f"REJECTED {reason}" in said(out) or reason in said(out).partition("REJECTED")[2]
    assert "\nWHAT TO DO NEXT\n  " in out
    assert "ACCEPTED" not in out
    assert "OPEN" not in out


def test_receipts_that_contradict_each_other_convict_the_host_even_in_another_evaluation(verify):
    fork = forked()
    strange = HOST.receipt(3, evaluation="e2" * 16, title="Winter")
    box = (receipt_text(MILL) + receipt_text(strange)).encode()

    for receipts in ((MILL, fork.receipt(3)), (box,)):
        code, out, _ = verify(HOST.file(), *receipts)
        assert code == 1
        assert "REJECTED Two receipts, both signed by the host, contradict each other about" in (
            said(out)
        )
        assert "Keep both receipts" in said(out)


def test_a_bundle_older_than_its_receipt_or_of_another_evaluation_accuses_nobody(verify):
    older = HOST.file(entries=tuple(HOST.entries[:4]), openings=())
    assert verify(older, MILL)[0] == 0
    for content, why, remedy in (
        (older, "The bundle ends before entry 5", "Fetch the bundle anew, and check that one."),
        (other_evaluation(), "The bundle is not of the evaluation of the receipt", "Give the"),
    ):
        code, out, _ = verify(content, HOST.receipt(4))
        assert code == 1
        assert f"REJECTED {why}" in said(out)
        assert f"WHAT TO DO NEXT {remedy}" in said(out)
        assert "rewritten" not in out
        assert "ALSO FOUND" not in out
        assert "Believe nothing" not in said(out)


def test_a_forged_receipt_is_rejected(verify):
    letters = receipt_text(HOST.receipt(3, organisation="Harbour Logistics"))
    code, out, _ = verify(HOST.file(), letters.encode())
    assert (code, "Names are not those with which it began (entry 4)" in said(out)) == (1, True)

    far = HOST.receipt(3, index=LARGEST_NUMBER)
    code, out, _ = verify(HOST.file(), far)
    assert (code, "The bundle ends before entry 9007199254740992" in said(out)) == (1, True)


def test_names_and_words_steer_no_terminal_and_pass_for_no_verdict(verify):
    title = "Autumn\x1b[2J\u202e" + " x" * 60 + "\nACCEPTED"
    long = f"{'y ' * 60}\nACCEPTED\x07\n" + "z" * 300
    host = Host()
    host.begin()
    document = padded(json.dumps({"topics": [{"code": "EV1", "sentence": long}]},
                                 separators=(",", ":"), ensure_ascii=False).encode())  # fmt: skip
    made = [host.committed("m", part, document, salt_of("m")) for part in (1, 2)]
    receipt = host.write("sealed", party="m", commitments=made)
    host.seal("h")
    host.envelopes["m", 1] = HOST.envelopes["m", 1].__class__(
        "m", 1, document.decode(), salt_of("m").hex()
    )
    host.reveal(1)

    for content in (host.file(), host.file(title=title)):
        code, out, _ = verify(content, receipt, options=["--show"])
        assert not set(out) & {"\x1b", "\u202e", "\x07", "\r"}
        verdicts = [line for line in out.splitlines() if line.startswith(("ACC", "REJ"))]
        assert verdicts == ["REJECTED" if code else "ACCEPTED"]
        assert all(len(line) <= 96 for line in out.splitlines())


# ---------------------------------------------------------------- what cannot be read

TEXT = receipt_text(MILL).encode()
FILE = HOST.file()


@pytest.mark.parametrize(
    ("bundle", "receipt", "sentence"),
    [
        (FILE[:9000], TEXT, "bundle.json: it is not whole: it was cut short or changed"),
        (FILE.replace(b"\n", b"\r\n"), TEXT, "bundle.json: it is a bundle, but not byte for byte"),
        (b"PK\x03\x04", TEXT, "bundle.json: it is no bundle of Understream"),
        (TEXT, FILE, "receipt-0.txt: it is a bundle, not a receipt. Give the bundle first"),
        (TEXT, TEXT, "bundle.json: it is a receipt, not a bundle. Give the bundle first"),
        (FILE, b"Dear Anna", "receipt-0.txt: there is no receipt in it. Give the receipt as you"),
        (FILE, TEXT[:500], "receipt-0.txt: the receipt in it is not whole"),
        (FILE, b" " * 2_000_001, "receipt-0.txt: it, or a receipt in it, is larger than any"),
        (b" " * 30_000_001, TEXT, "bundle.json: it is larger than any bundle can be. Fetch"),
    ],
)
def test_what_cannot_be_read_is_named_with_what_to_do(verify, bundle, receipt, sentence):
    code, out, err = verify(bundle, receipt)

    assert (code, out) == (2, "")
    assert err.startswith(f"understream verify: {sentence}")
    assert err.count(".") >= 3


def test_files_that_are_not_there_or_are_folders_are_named(verify, tmp_path, capsys):
    verify(FILE, TEXT)
    (tmp_path / "folder").mkdir()
    for name, why in (("none.json", "no such file"), ("folder", "is a directory")):
        assert main(["verify", name, "--receipt", "receipt-0.txt"]) == 2
        assert f"understream verify: {name}: {why}" in capsys.readouterr().err
        assert main(["verify", "bundle.json", "--receipt", name]) == 2
        assert f"understream verify: {name}: {why}" in capsys.readouterr().err


def test_a_receipt_has_to_be_given(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["verify", "bundle.json"])
    assert stop.value.code == 2
    assert "--receipt" in capsys.readouterr().err


# ---------------------------------------------------------------- alone and at once


def test_it_needs_no_settings_no_database_and_no_network_and_takes_less_than_a_second(tmp_path):
    """A log of 600 entries, an evaluation with texts as long as they can be."""
    host = Host()
    host.begin()
    for _ in range(149):
        host.write("extended", until="later")
    host.seal("h", "x" * 100_000)
    receipt = host.seal("m", "é" * 100_000)
    host.reveal(1)
    host.reveal(2)
    other = Host(evaluation="e2" * 16)
    other.entries = host.entries
    other.begin()
    for _ in range(445):
        other.write("extended", until="later")
    (tmp_path / "bundle.json").write_bytes(bundle_file(host.bundle(), seed=SEED))
    (tmp_path / "receipt.txt").write_text(receipt_text(receipt), encoding="ascii")
    alone = (
        "import sys, socket\n"
        "def no(*a, **k): raise SystemExit('network')\n"
        "socket.socket.connect = socket.getaddrinfo = no\n"
        "from understream.console.main import main\n"
        "code = main(['verify', 'bundle.json', '--receipt', 'receipt.txt', '--json'])\n"
        "code += 10 * any(m.partition('.')[0] in ('django', 'psycopg') for m in sys.modules)\n"
        "raise SystemExit(code)"
    )
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}

    took = []
    for _ in range(3):
        start = perf_counter()
        done = subprocess.run([sys.executable, "-c", alone], cwd=tmp_path, env=kept, check=False,
                              capture_output=True, text=True)  # fmt: skip
        took.append(perf_counter() - start)
        assert (done.returncode, done.stderr) == (0, "")
        if took[-1] < 1:
            break
    assert json.loads(done.stdout)["entries"] == 600
    assert min(took) < 1
