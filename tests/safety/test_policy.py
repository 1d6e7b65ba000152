"""The policy: a table that can be read, and has no switch."""

from __future__ import annotations

from pathlib import Path

import pytest

from understudy.core.errors import Undetermined
from understudy.models.spec import load_catalog
from understudy.safety.policy import load_policy

OWN = Path(__file__).parents[2] / "src/understudy/safety/policy.toml"


def test_the_packages_own_counts_every_kind_of_nudity() -> None:
    policy, catalog = load_policy(), load_catalog()
    for name in policy.models:
        spec = catalog[name]
        assert spec.role == "gate"
        assert all(policy.threshold(name, label) for label in spec.settings.get("exposed", ()))
    assert policy.models["nudenet-320n"] == "required"
    assert not catalog["nudenet-320n"].restricted  # nobody is asked anything on the first run
    assert catalog["nudenet-320n"].licence == "AGPL-3.0-only"
    assert policy.threshold("nudenet-320n", "FACE_FEMALE") is None


def test_the_digest_is_of_what_it_says(tmp_path: Path) -> None:
    text = OWN.read_text("utf-8")
    (tmp_path / "a.toml").write_text("# another remark\n" + text)
    (tmp_path / "b.toml").write_text(text.replace("threshold = 0.85", "threshold = 0.86"))
    assert load_policy(tmp_path / "a.toml").digest == load_policy().digest == load_policy(OWN).digest
    assert load_policy(tmp_path / "b.toml").digest != load_policy().digest


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("threshold = 0.85", "threshold = 1.5"),
        ("threshold = 0.85", "threshold = 0.0"),
        ("per_second = 2.0", "per_second = 0.5"),
        ("frame = 640", "frame = 64"),
        ('rule = "any"', 'rule = "none"'),
        ('nudenet-320n = "required"', 'nudenet-320n = "off"'),
        ('nudenet-320n = "required"', 'nudenet-320n = "if installed"'),
        ('name = "default"', 'name = "default"\nenabled = false'),
        ("version = 1", "version = 2"),
        ('[[class]]\nmodel = "open_nsfw"', '[[class]]\nmodel = "nobody"'),
        ('label = "BUTTOCKS_EXPOSED"', 'label = "ANUS_EXPOSED"'),
    ],
)
def test_what_would_switch_it_off_is_refused(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    text = OWN.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after))
    with pytest.raises(Undetermined, match="policy cannot be read") as refused:
        load_policy(path)
    assert refused.value.path == str(path)
