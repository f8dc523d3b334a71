"""pip's settings reach uv and npm."""

from pathlib import Path

import pytest

from launcher import package_index

LISTED = """\
:env:.extra-index-url='https://env.example/simple'
global.cert='/etc/ssl/ca.pem'
global.extra-index-url='https://file.example/simple'
global.index-url='https://mirror.example/simple'
install.index-url='https://install.example/simple'
freeze.timeout='10'
"""


def test_variables_win_over_the_install_section_and_that_over_the_global_one() -> None:
    assert package_index.parse(LISTED) == {
        "cert": "/etc/ssl/ca.pem",
        "extra-index-url": "https://env.example/simple",
        "index-url": "https://install.example/simple",
    }


def test_several_locations_on_lines_of_their_own_are_all_kept() -> None:
    listed = "global.extra-index-url='\\nhttps://one.example/simple\\nhttps://two.example/simple'"

    translated = package_index.translate(package_index.parse(listed))

    assert translated == {"UV_INDEX": "https://one.example/simple https://two.example/simple"}


def test_local_folders_that_do_not_exist_are_left_out(tmp_path: Path) -> None:
    gone = tmp_path / "gone"

    translated = package_index.translate(
        {"find-links": f"{tmp_path} {gone}", "extra-index-url": f"file://{gone}/simple file://{tmp_path}"}
    )

    assert translated == {"UV_FIND_LINKS": str(tmp_path), "UV_INDEX": f"file://{tmp_path}"}


@pytest.mark.parametrize("name", ["find-links", "extra-index-url"])
def test_a_setting_with_nothing_left_is_not_passed_on(name: str, tmp_path: Path) -> None:
    assert package_index.translate({name: str(tmp_path / "gone")}) == {}


def test_what_is_set_for_uv_stays() -> None:
    environment = package_index.uv_environment({"UV_DEFAULT_INDEX": "https://mine.example/simple"})

    assert environment["UV_DEFAULT_INDEX"] == "https://mine.example/simple"


def test_npm_trusts_what_pip_trusts() -> None:
    environment = package_index.npm_environment({"SSL_CERT_FILE": "/etc/company.pem"})

    assert environment["NODE_EXTRA_CA_CERTS"] == "/etc/company.pem"
