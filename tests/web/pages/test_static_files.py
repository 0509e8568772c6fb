"""The files of the pages: served from memory, named by their content, nothing beside them."""

import pytest


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/x", "/.env"]
)
def test_only_the_named_files_are_served(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("page.css", "text/css"),
        ("server.css", "text/css"),
        ("page.js", "text/javascript"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_a_file_that_did_not_change_is_not_sent_again(client, name, kind):
    first = client.get(f"/static/{name}")
    assert first.headers["content-type"].startswith(kind)
    assert first.headers["cache-control"] == "no-cache"
    again = client.get(f"/static/{name}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/static/{name}", headers={"if-none-match": '"another"'})
    assert other.content == first.content
