"""serve: what is refused before anything listens; the server is tested in the room web."""


def test_an_open_address_without_a_token_is_refused(cli, one_sentence):
    code, _, err = cli("serve", "--host", "0.0.0.0")
    assert code == 1
    one_sentence(err)
    assert "token" in err.lower()


def test_a_port_that_cannot_be_is_wrong_usage(cli):
    assert cli("serve", "--port", "70000")[0] == 2
