"""What a server is told: nobody else on a network may ask without a token or a proxy."""

import pytest

from riskmodel.errors import SchemaError
from riskmodel.web.settings import Settings, is_loopback

TOKEN = "a-token-of-more-than-16"


def test_another_host_needs_a_token_or_a_proxy():
    for host in ("0.0.0.0", "::", "192.0.2.7", "server.example"):
        with pytest.raises(SchemaError, match="--token"):
            Settings(host=host)
        assert Settings(host=host, token=TOKEN).hosts
        assert Settings(host=host, behind_proxy=True).hosts
    with pytest.raises(SchemaError, match="16 are the fewest"):
        Settings(token="short")


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("localhost", True),
        ("::", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_only_this_machine_reaches_a_loopback(host, own):
    assert is_loopback(host) is own


def test_names_are_compared_in_small_letters_and_addresses_in_brackets():
    found = Settings(host="::1", allowed_hosts=("Risk.Example",)).hosts
    assert {"localhost", "127.0.0.1", "[::1]", "risk.example"} <= found
