"""The address is taken first, and a taken one is one sentence."""

import socket

import pytest

from riskmodel.errors import SchemaError
from riskmodel.web.serve import bound


def test_a_taken_port_is_one_sentence():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SchemaError, match=f"^Port {port} of 127.0.0.1 cannot be listened on: "):
            bound("127.0.0.1", port)


def test_a_free_port_is_taken_and_not_yet_listened_on():
    with bound("127.0.0.1", 0) as taken, socket.socket() as client:
        assert client.connect_ex(taken.getsockname()) != 0
