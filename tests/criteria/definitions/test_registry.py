import pytest

from riskmodel.criteria import definition_names, load_definition
from riskmodel.criteria.definitions.registry import definition_path
from riskmodel.errors import SchemaError


@pytest.mark.parametrize("name", definition_names())
def test_every_definition_loads_under_its_own_name(name: str) -> None:
    definition = load_definition(name)
    assert definition.name == name
    assert definition_path(name).is_file()
    assert {sign for part in definition.parts for sign in part.signs} <= set(definition.signs)


def test_an_unknown_name_lists_the_allowed() -> None:
    with pytest.raises(SchemaError, match=r"'astct-2042' is unknown\. Allowed: .*astct-2024"):
        load_definition("astct-2042")
