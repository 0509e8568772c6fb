"""The pages for entering one patient say which of their questions move no risk."""

from riskmodel.models import unread_inputs
from riskmodel.web.forms.fields import event_choices, fields

UNMOVED = "not read by this model"


def test_a_field_that_no_feature_reads_says_so_and_no_other(client, engine):
    for page, stage in (("before", "pre_infusion"), ("after", "early")):
        unread = unread_inputs(engine.of_stage(stage))
        text = client.get(f"/{page}").text
        asked = [field.name for field in fields(page) if field.name in unread]
        assert asked
        assert text.count(UNMOVED) == len(asked)
        for name in asked:
            assert UNMOVED in text.split(f'name="{name}"')[-1].split('class="field')[0]
    for name, said in event_choices().items():
        told = text.partition("No feature of this model reads ")[2].partition(": they")[0]
        assert (said.lower() in told.split(", ")) is (name in unread)


def test_the_page_of_the_models_lists_them(client, engine):
    text = client.get("/model").text
    assert text.count("read by no feature of this model") == len(engine.models)
    assert "prior car t" in text
