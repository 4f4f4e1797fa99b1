"""Files: suffix, size, presence; nothing else of the disk is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ivigil.intake import read_order
from ivigil.order import Fault, OrderError
from tests.support.bases import base
from tests.support.written import VALID

SMALL = base("small")
EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))


def refused(path: Path | str) -> Fault:
    with pytest.raises(OrderError) as caught:
        read_order(path, SMALL)
    (fault,) = caught.value.faults
    return fault


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_example_orders_are_read(path: Path) -> None:
    order = read_order(path, base("real"))
    assert order.patient.id.system == "urn:example"
    assert "fictional" in path.read_text()


def test_the_suffix_chooses_the_format(tmp_path: Path) -> None:
    path = tmp_path / "order.JSON"
    path.write_text(json.dumps(VALID))
    assert read_order(str(path), SMALL).condition == "kawasaki_disease"


@pytest.mark.parametrize("name", ["order.txt", "order", "order.toml.bak"])
def test_other_suffixes_are_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("")
    assert "not a .toml or .json file" in str(refused(tmp_path / name).value)


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "order.toml"
    with path.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)
    assert "too large" in str(refused(path).value)


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    for path in (tmp_path / "absent.toml", tmp_path / "folder.toml", "nul\0.toml"):
        assert refused(path).field == "file"


def test_logs_do_not_hold_the_name_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(OrderError) as caught:
        read_order(tmp_path / "jane-doe.toml", SMALL)
    assert "jane" not in caught.value.log_safe
