import pytest

from riskmodel.criteria import definition_names, load_definition
from riskmodel.patient.limits import limit_words, part_need, rule_words


@pytest.mark.parametrize("name", definition_names())
def test_every_sign_and_part_has_words(name: str) -> None:
    definition = load_definition(name)
    for part in definition.parts:
        assert part_need(part).endswith("needed")
        for sign in part.signs:
            words = limit_words(definition, sign, ("known",))
            assert all(text and "_" not in text for text in words)
            assert words or not definition.thresholds.get(sign)


def test_limits_are_read_from_the_definitions_file() -> None:
    mas = load_definition("mas-l-2020")
    assert limit_words(mas, "ferritin_rise", ()) == ("rise ≥ 100 ng/mL/h within 24 h",)
    assert limit_words(mas, "fibrinogen", ("< 150 mg/dL",)) == ("< 150 mg/dL",)
    hines = load_definition("astct-2023")
    assert "AST > 5 × the higher of ULN and the own baseline" in limit_words(
        hines, "transaminases", ()
    )


def test_points_are_said_where_items_have_them() -> None:
    (score,) = load_definition("hscore").parts
    assert part_need(score) == "169 points needed"
    assert part_need(load_definition("astct-2024").parts[0]) == "2 of 5 needed"


def test_rules_have_words() -> None:
    assert rule_words("rate") == "by its rate of rise"
    assert rule_words("") == ""
