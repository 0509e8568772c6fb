"""Whatever a browser or a script uploads: a page with a sentence, never a fault of the server."""

import random

import pytest

from riskmodel.web.forms.lab_table import MOST_CHARACTERS

ODD = [b'"', b"\r\n", b"\0", b"\xff\xfe", b"=cmd()", b"1e999"]
TABLE = b"day,analyte,value,unit\n1,ferritin,820,ng/mL\n2,ferritin,1900,ng/mL\n"


def damaged(seed: int) -> bytes:
    """The table with some bytes changed, cut out or repeated."""
    draw = random.Random(seed)
    content = bytearray(TABLE * draw.randint(1, 3))
    for _ in range(draw.randint(1, 12)):
        at = draw.randrange(len(content))
        match draw.randrange(4):
            case 0:
                content[at] = draw.randrange(256)
            case 1:
                del content[at : at + draw.randint(1, 9)]
            case 2:
                content[at:at] = content[at : at + 30]
            case _:
                content[at:at] = draw.choice(
                    [b'"', b"\r\n", b"\0", b"\xff\xfe", b"=cmd()", b"1e999"]
                )
        if not content:
            return b""
    return bytes(content)


@pytest.mark.parametrize("seed", range(24))
def test_a_damaged_file_is_read_or_refused(client, seed):
    answer = client.post("/after", files={"file": ("labs.csv", damaged(seed), "text/csv")})
    assert answer.status_code in (200, 422)
    assert "Nothing was estimated" in answer.text or 'class="figure"' in answer.text


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"table=%ff%fe&day=99", "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=1" % k for k in range(400)), "application/x-www-form-urlencoded"),
        (b"base=[1&table=x", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
    ],
)
def test_a_body_that_is_no_form_is_no_fault_of_the_server(client, content, kind):
    answer = client.post("/after", content=content, headers={"content-type": kind})
    assert 200 <= answer.status_code < 500


def test_a_large_file_is_refused_before_it_is_read(client):
    answer = client.post(
        "/after", files={"file": ("big.csv", b"1," * (MOST_CHARACTERS // 2 + 1), "text/csv")}
    )
    assert answer.status_code == 413


def test_text_of_a_table_is_only_text_on_the_page(client):
    table = 'day,analyte,value,unit\n1,<script>alert(1)</script>,"</textarea><b>",ng/mL\n'
    page = client.post("/after", data={"table": table}).text
    assert "<script>alert" not in page
    assert "</textarea><b>" not in page


def test_a_download_holds_no_formula(client, cohort):
    text = client.get("/patients/scores.csv").text
    assert len(text.splitlines()) == len(cohort) + 1
    assert not any(line.startswith(("=", "+", "@")) for line in text.splitlines())


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        ({"event_1": "crs", "event_1_day": "Monday"}, "Event 1", "such as 3 or 3.5"),
        ({"event_1": "crs", "event_1_day": ""}, "Event 1", "such as 3 or 3.5"),
        ({"event_1": "", "event_1_day": "3"}, "Event 1", "event"),
        ({"infusion_time": "soon"}, "Infusion began", "Write it as 2026-03-31 14:30"),
        ({"age_years": "300"}, "Age", "allowed: 0 to 120"),
        ({"cell_dose": "1.234"}, "CAR+ cell dose", "read in two ways"),
    ],
)
def test_every_field_at_fault_is_named_in_the_summary(client, change, name, said):
    sent = {
        "table": "day,analyte,value,unit\n1,ferritin,820,ng/mL\n",
        "cell_dose_unit": "cell_dose_million",
        **change,
    }
    answer = client.post("/after", data=sent)
    assert answer.status_code == 422
    summary = answer.text.partition('id="faults"')[2].partition("</div>")[0]
    assert f">{name}</a>: " in summary
    assert said in summary


def test_a_page_that_does_not_exist_is_said_in_plain_words(client):
    answer = client.get("/nowhere", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "<h1>There is no such page</h1>" in answer.text
