"""Installation steps run when their inputs change, and only then."""

from pathlib import Path

import pytest

from launcher import install
from launcher.checkout import ROOT


def test_a_step_runs_again_only_when_its_inputs_change(tmp_path: Path) -> None:
    runs: list[str] = []
    stamp = tmp_path / "made" / ".stamp"

    for inputs in ("a", "a", "b", "b"):
        install.step("Parts", stamp, inputs, lambda: runs.append("run"))

    assert runs == ["run", "run"]


def test_a_failed_step_runs_again(tmp_path: Path) -> None:
    stamp = tmp_path / ".stamp"
    install.step("Parts", stamp, "a", lambda: None)

    def fail() -> None:
        raise install.InstallError("no network")

    with pytest.raises(install.InstallError):
        install.step("Parts", stamp, "b", fail)

    assert not stamp.exists()


def test_the_digest_follows_names_and_contents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "ROOT", tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("text")
    two.write_text("text")

    digests = {install.digest([one]), install.digest([two]), install.digest([one, two]), install.digest([one], "word")}
    one.write_text("other text")
    digests.add(install.digest([one]))

    assert len(digests) == 5


def test_the_installer_itself_is_pinned_with_hashes() -> None:
    pinned = install.pinned("uv", (ROOT / "requirements-dev.txt").read_text())

    assert pinned.startswith("uv==")
    assert "--hash=sha256:" in pinned
    assert "uvicorn" not in pinned


def test_a_missing_pin_says_what_to_do() -> None:
    with pytest.raises(install.InstallError, match="make lock"):
        install.pinned("uv", "uvicorn==1.0\n")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_exact_and_hashed(name: str) -> None:
    blocks = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    packages = [line for line in blocks if line and not line.lstrip().startswith("#")]

    assert packages
    assert [line for line in packages if "==" not in line or "--hash=sha256:" not in line] == []


def test_the_lock_file_of_the_front_end_names_no_registry() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()
