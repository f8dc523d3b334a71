"""Several stacks can start at once."""

import socket

import pytest

from launcher import ports

BASE = 21_050


def test_a_port_that_somebody_listens_on_is_passed_over() -> None:
    with ports.reserved(BASE) as free:
        pass

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free))
        taken.listen()
        with ports.reserved(free) as following:
            assert following > free


def test_a_port_that_another_launcher_has_chosen_is_passed_over() -> None:
    with ports.reserved(BASE) as one, ports.reserved(BASE) as two:
        assert one != two


def test_a_port_is_free_again_afterwards() -> None:
    with ports.reserved(BASE) as first:
        pass
    with ports.reserved(first) as second:
        assert second == first


def test_running_out_of_ports_is_reported() -> None:
    with pytest.raises(ports.PortError, match="65536"), ports.reserved(65_536):
        pass
