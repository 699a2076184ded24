"""A file of SPSS as a round: what becomes of its columns, and of its codes."""

import pytest

from tests.factories import make_person
from understream.console import main
from understream.instruments import table
from understream.instruments.table import read_table

pytestmark = pytest.mark.django_db


def test_the_dry_run_says_what_codes_are_called_and_what_counts_as_missing(
    tmp_path, monkeypatch, capsys
):
    """The parser of SPSS is not asked here; what it found is given."""
    units = [
        [unit, str(1 + at % 3), "203.0.113.7"] for unit in ("North", "South") for at in range(6)
    ]
    found = {
        "headers": ["unit", "q1", "IPAddress"], "rows": units, "missing": ["q1"],
        "labels": {"q1": {"1": "not", "3": "much"}},
    }  # fmt: skip

    def child(*_args, **_keys):
        return type("Done", (), {"returncode": 0, "stdout": table.json.dumps(found)})()

    monkeypatch.setattr(table.subprocess, "run", child)
    file = tmp_path / "answers.sav"
    file.write_bytes(b"$FL2")
    assert len(read_table(file).rows) == 12

    mail = make_person("Ada", password="quite-a-long-one").email
    code = main.main(
        ["import", "ratings", str(file), "--alliance", "A", "--unit", "unit", "--items", "Q=q1",
         "--scale", "1-3", "--manager", mail, "--dry-run"]
    )  # fmt: skip
    told, faults = capsys.readouterr()
    assert (code, faults) == (0, "")
    assert "its codes: 1 = not, 3 = much; what the file calls missing counts as not" in told
    assert "IPAddress: left behind" in told
    assert "203.0.113.7" not in told
