"""The pages as a person uses them: a real browser, a real server, keyboard, phone and print."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from riskmodel.models import percent
from riskmodel.scoring import score
from riskmodel.web.forms.form_rows import entered
from riskmodel.web.forms.lab_table import read_table

WIDE, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = os.environ.get("RISKMODEL_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), "")
    if not found:
        pytest.skip("no Chromium is installed (apt-get install chromium, or RISKMODEL_BROWSER)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, base_url=address)
    context.set_default_timeout(20_000)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda said: "Content Security" in said.text and wrong.append(said.text))
    here = "http://127.0.0.1:"  # the servers of these tests
    opened.on("request", lambda sent: sent.url.startswith(here) or wrong.append(sent.url))
    yield opened
    context.close()
    assert wrong == []


def risk_on(page: Page) -> str:
    return page.locator(".figure").inner_text()


def accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    serious = [
        (rule["id"], [node["target"] for node in rule["nodes"]][:3])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
    assert serious == []


def test_a_form_gives_the_risk_of_riskmodel_score_in_any_unit(page: Page, engine):
    page.goto("/before")
    page.select_option("#product", "axicabtagene ciloleucel")
    assert "CD19" in page.locator("#target_antigen option").first.inner_text()
    page.select_option("#disease", "LBCL")
    page.fill("#age_years", "58")
    page.fill("#hemoglobin", "9.4")
    page.fill("#ferritin", "1250")
    page.click("text=Estimate the risk")
    answers = {"product": "axicabtagene ciloleucel", "disease": "LBCL", "age_years": "58",
               "hemoglobin": "9.4", "hemoglobin_unit": "g/dL", "ferritin": "1250",
               "ferritin_unit": "ng/mL"}  # fmt: skip
    model = engine.fitting("pre-infusion")
    row = score(entered(answers, "before").cohort, model).iloc[0]
    first = risk_on(page)
    assert first == percent(row["risk"])
    interval = f"{percent(row['risk_low'])} to {percent(row['risk_high'])}"
    assert f"90% interval: {interval}" in page.inner_text("#result")
    assert re.search(r"About \d+ of 1", page.inner_text("#result"))
    assert "Research use only" in page.inner_text("body")
    assert page.url.endswith("/before#main")
    assert "58" not in page.title()

    page.goto("/before")
    page.select_option("#product", "axicabtagene ciloleucel")
    page.select_option("#disease", "LBCL")
    page.fill("#age_years", "58")
    page.fill("#hemoglobin", "94")
    page.select_option("select[name=hemoglobin_unit]", "g/L")
    page.fill("#ferritin", "1.25")
    page.select_option("select[name=ferritin_unit]", "mg/L")
    assert page.inner_text("#ferritin-hint").startswith("plausible 0.001")
    page.click("text=Estimate the risk")
    assert risk_on(page) == first


def test_what_if_marks_the_change_and_moves_the_risk(page: Page):
    page.goto("/before?example=true")
    page.click("text=Estimate the risk")
    first = risk_on(page)
    page.fill("#ferritin", "30000")
    page.press("#ferritin", "Tab")
    page.wait_for_selector(".what-if")
    assert "812 ng/mL" in page.inner_text(".what-if")
    assert "30000 ng/mL" in page.inner_text(".what-if")
    assert risk_on(page) != first
    assert f"was {first} before the change" in page.inner_text("#result")
    assert page.locator("label[for=ferritin] .changed").count() == 1
    assert "was:" in page.inner_text(".waterfall")
    page.fill("#ferritin", "812")
    page.press("#ferritin", "Tab")
    page.wait_for_selector(".what-if", state="detached")
    assert risk_on(page) == first


def test_what_if_marks_a_choice_and_starts_again_from_it(page: Page):
    page.goto("/before?example=true")
    page.click("text=Estimate the risk")
    first = risk_on(page)
    bars = page.locator(".waterfall .bar rect").count()
    page.check("input[name=tet2_mutation][value='1']", force=True)
    page.wait_for_selector(".what-if")
    asked = page.locator("fieldset.flag", has=page.locator("input[name=tet2_mutation]"))
    assert "changed, was unknown" in asked.inner_text()
    assert page.locator("form .changed").count() == 1
    assert page.locator(".waterfall .bar rect").count() > bars
    changed = risk_on(page)
    page.click("text=Compare from here on")
    page.wait_for_selector(".what-if", state="detached")
    assert risk_on(page) == changed != first
    assert page.locator(".changed").count() == 0
    page.click("text=Start over")
    assert page.locator(".figure").count() == 0
    assert page.input_value("#ferritin") == ""


def test_a_table_with_dates_of_another_land_is_read(page: Page):
    page.goto("/after")
    page.fill("#table", "Moment;Ferritin [ng/mL];CRP [mg/L]\n01.03.2026 08:00;1.234,5;12,5\n")
    page.click("text=Estimate the risk")
    assert "no column for the time" in page.locator("[role=alert]").inner_text()
    page.fill("#table", "Date;Ferritin [ng/mL];CRP [mg/L]\n01.03.2026 08:00;1.234,5;12,5\n")
    page.click("text=Estimate the risk")
    assert "Fill in when the infusion began" in page.locator("[role=alert]").inner_text()
    page.fill("#infusion_time", "27.02.2026 08:00")
    page.click("text=Estimate the risk")
    assert "day 2" in page.inner_text("h1")
    assert "1,234 ng/mL, day 2" in page.inner_text(".curves")
    assert "12.5 mg/L, day 2" in page.inner_text(".curves")
    assert "27.02" not in page.url + page.title()
    accessible(page)


def test_the_list_is_found_and_opened_by_keyboard(page: Page):
    page.goto("/patients")
    name = page.locator("table.patients tbody th").nth(2).inner_text()
    page.focus("#find")
    page.keyboard.type(name)
    page.keyboard.press("Enter")
    assert page.locator("table.patients tbody tr:visible").count() == 1
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "row":
            break
    page.keyboard.press("Enter")
    page.wait_for_selector(".figure")
    assert name in page.inner_text("h1")


def test_what_cannot_be_used_is_said_at_its_field(page: Page):
    page.goto("/before")
    page.fill("#ferritin", "plenty")
    page.fill("#age_years", "300")
    page.click("text=Estimate the risk")
    assert page.locator(".figure").count() == 0
    assert "text where a number is needed" in page.inner_text("#ferritin-fault")
    assert "allowed: 0 to 120" in page.inner_text("#age_years-fault")
    assert page.get_attribute("#ferritin", "aria-invalid") == "true"
    page.locator("#faults:focus").wait_for()
    assert page.input_value("#ferritin") == "plenty"
    accessible(page)


def test_a_table_gives_the_day_by_day_risk_of_riskmodel_score(page: Page, engine):
    page.goto("/after?example=true")
    accessible(page)
    text = page.input_value("#table")
    page.click("text=Estimate the risk")
    shown = risk_on(page)
    page.locator("summary", has_text="The same as a table").click()
    cells = page.locator("section[aria-labelledby=days-heading] tbody tr").all_inner_texts()
    answers = {"product": "axicabtagene ciloleucel", "disease": "LBCL", "age_years": "58",
               "tumor_burden": "high", "prior_lines": "3", "cell_dose": "2",
               "cell_dose_unit": "cell_dose_million_per_kg"}  # fmt: skip
    for k, (event, day, grade) in enumerate(
        [("crs", "2", "1"), ("crs", "3", "2"), ("tocilizumab", "3.2", ""), ("fever", "2", "")], 1
    ):
        answers |= {f"event_{k}": event, f"event_{k}_day": day, f"event_{k}_grade": grade}
    cohort = entered(answers, "after", read_table(text)).cohort
    model = engine.fitting("day-1")
    wanted = [percent(score(cohort, model, f"day-{day}")["risk"].iloc[0]) for day in range(1, 7)]
    assert [cell.split()[1] for cell in cells[1:]] == wanted
    assert shown == wanted[-1]
    assert "What changed since the day before" in page.inner_text("#result")
    assert page.locator(".curves figure").count() >= 8
    accessible(page)


def test_a_broken_file_is_one_sentence(page: Page, tmp_path: Path):
    page.goto("/after")
    for name, content, said in (
        ("scan.csv", b"\x89PNG\r\n\x1a\n\xff", "is not UTF-8 text"),
        ("cut.csv", b"day,analyte,value,unit\n1,ferritin\n", "Line 2 of the table has 2 cells"),
        ("other.csv", b"name,colour\nx,red\n", "no column for the time"),
    ):
        (tmp_path / name).write_bytes(content)
        page.set_input_files("#file", tmp_path / name)
        page.click("text=Estimate the risk")
        alert = page.locator("[role=alert]").inner_text()
        assert said in alert
        assert page.locator(".figure").count() == 0


def test_the_keyboard_alone_suffices(page: Page):
    page.goto("/before")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "product":
            break
    page.keyboard.type("tisa")
    assert page.input_value("#product") == "tisagenlecleucel"
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "ferritin":
            break
    page.keyboard.type("900")
    page.keyboard.press("Enter")
    page.wait_for_selector(".figure")
    assert "CD19" in page.inner_text(".result .facts")


@pytest.mark.parametrize("path", ["/before?example=true", "/patients", "/model", "/docs"])
def test_pages_are_accessible_and_fit_a_phone(page: Page, path: str):
    page.goto(path)
    accessible(page)
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_result_fits_a_phone(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/before?example=true")
    page.click("text=Estimate the risk")
    page.wait_for_selector(".figure")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    top = page.locator(".figure").bounding_box()
    assert top is not None
    assert top["y"] < PHONE["height"]
    accessible(page)


def test_patients_are_sorted_filtered_opened_and_downloaded(page: Page, engine, cohort):
    page.goto("/patients")
    scores = score(cohort, engine.fitting("pre-infusion"))
    wanted = scores.sort_values("risk", ascending=False, kind="stable")
    rows = page.locator("table.patients tbody tr")
    assert rows.count() == min(200, len(scores))
    assert rows.first.locator("th").inner_text() == wanted["patient_id"].iloc[0]
    assert percent(wanted["risk"].iloc[0]) in rows.first.inner_text()
    page.fill("#find", str(wanted["patient_id"].iloc[3]))
    assert page.locator("table.patients tbody tr:visible").count() == 1
    page.locator("table.patients tbody tr:visible button").click()
    assert risk_on(page) == percent(wanted["risk"].iloc[3])
    assert str(wanted["patient_id"].iloc[3]) not in page.url + page.title()
    page.goto("/patients?group=high")
    assert rows.count() == int((scores["risk_group"] == "high").sum())
    with page.expect_download() as waiting:
        page.click("text=Download all as CSV")
    lines = Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(scores) + 1
    at = lines[0].split(",").index("patient_id")
    assert [line.split(",")[at] for line in lines[1:]] == scores["patient_id"].tolist()
    assert np.isfinite(len(lines))


def sheets(page: Page) -> int:
    printed = page.pdf(prefer_css_page_size=True, print_background=True)
    return len(re.findall(rb"/Type\s*/Page\b", printed))


@pytest.mark.parametrize("path", ["/before?example=true", "/after?example=true", "/model"])
def test_each_page_prints_on_one_sheet(page: Page, path: str):
    page.goto(path)
    if "example" in path:
        page.click("text=Estimate the risk")
        page.wait_for_selector(".figure")
    assert sheets(page) == 1


@pytest.mark.parametrize("at", ["pre-infusion", "day-3", "day-10"])
def test_a_ward_list_prints_on_one_landscape_sheet(page: Page, ward: str, at: str):
    page.goto(f"{ward}/patients?at={at}")
    rows = page.locator("table.patients tbody tr")
    assert rows.count() == 40
    assert sheets(page) == 1
    wide = page.pdf(prefer_css_page_size=True)
    box = re.search(rb"/MediaBox\s*\[\s*0\s+0\s+([\d.]+)\s+([\d.]+)", wide)
    assert box is not None
    assert float(box[1]) > float(box[2])
    page.emulate_media(media="print")
    first = rows.first.inner_text()
    told = page.locator("table.patients tbody td.reason", has_text="a").first
    for name in ("risk-cell", "interval", "status", "drivers", "reason"):
        # A row that nothing has to be said of has no reason: the first that has one is looked at.
        shown = told if name == "reason" else rows.first.locator(f"td.{name}")
        assert shown.is_visible()
        assert shown.inner_text().strip()
    assert "×" in first
    assert "scored" in page.inner_text("main")


def test_a_longer_list_repeats_its_head_and_cuts_no_row(page: Page):
    page.goto("/patients")
    assert page.locator("table.patients tbody tr").count() == 200
    page.emulate_media(media="print")
    head = page.locator("table.patients thead")
    assert head.evaluate("e => getComputedStyle(e).display") == "table-header-group"
    row = page.locator("table.patients tbody tr").first
    assert row.evaluate("e => getComputedStyle(e).breakInside") == "avoid"
    assert 4 <= sheets(page) <= 6


def test_the_calibration_stands_on_the_page_and_as_a_table(page: Page, engine):
    page.goto("/model")
    held = [entry for model in engine.models for entry in model.card.calibration]
    assert page.locator(".calibrations svg").count() == len(held)
    page.locator("summary", has_text="The same as a table").last.click()
    table = page.locator("details[open] table")
    shown = table.locator("tbody tr:not(.part)").all_inner_texts()
    groups = [group for entry in engine.models[-1].card.calibration for group in entry.groups]
    assert [row.split()[:3] for row in shown] == [
        [str(g.rows), percent(g.predicted), percent(g.observed)] for g in groups
    ]
    accessible(page)


def test_a_list_on_a_phone_shows_all_of_a_row(page: Page):
    page.set_viewport_size(PHONE)
    page.goto("/patients?at=day-3")
    reason = page.locator("table.patients tbody tr").first.locator(".reason").bounding_box()
    assert reason is not None
    assert reason["x"] + reason["width"] <= PHONE["width"]
    page.select_option("#order", "risk-up")
    page.click("text=Show")
    assert "order=risk-up" in page.url
    accessible(page)
