"""Pictures of many patients, and how they are drawn."""

import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest

from riskmodel.errors import SchemaError
from riskmodel.models.plots import beeswarm_svg, dependence_svg


def test_shap_is_loaded_only_when_drawing():
    code = (
        "import sys, riskmodel.models, riskmodel.models.plots as e;"
        "from riskmodel.models.wording import in_words; in_words('a', 'b', 1.0);"
        "print('shap' in sys.modules, 'matplotlib' in sys.modules, 'xgboost' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False", "False"]


def test_all_patients_in_one_picture(fitted, world):
    parts = fitted.contributions(world.X)
    markup = beeswarm_svg(parts, world.X, {"f0": "tumor burden"}, max_display=6)
    assert beeswarm_svg(parts, world.X, {"f0": "tumor burden"}, max_display=6) == markup
    said = next(e.text for e in ElementTree.fromstring(markup).iter() if e.tag.endswith("desc"))
    assert said.startswith("300 patients. Largest effects: ")
    assert "tumor burden" in said
    with pytest.raises(SchemaError, match="one or more patients"):
        beeswarm_svg(parts.iloc[:0], world.X.iloc[:0])


def test_one_feature_and_another_that_acts_with_it(fitted, world):
    parts = fitted.contributions(world.X)
    markup = dependence_svg(parts, world.X, "f3", by="f0", labels={"f3": "ferritin"})
    assert dependence_svg(parts, world.X, "f3", by="f0", labels={"f3": "ferritin"}) == markup
    texts = {e.tag.rpartition("}")[2]: e.text for e in ElementTree.fromstring(markup).iter()}
    assert texts["title"] == "ferritin and the risk"
    missing = int(world.X["f3"].isna().sum())
    assert texts["desc"] == f"{300 - missing} patients; {missing} without the value are left out."
    ElementTree.fromstring(dependence_svg(parts, world.X, "f5"))
    with pytest.raises(SchemaError, match="'f99' has no contributions"):
        dependence_svg(parts, world.X, "f99")
    with pytest.raises(SchemaError, match="one or more patients"):
        dependence_svg(parts, pd.DataFrame(np.nan, world.X.index, world.X.columns), "f3")


def test_drawing_leaves_the_generator_of_others_alone(fitted, world):
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.get_state()[1].tolist()  # noqa: NPY002
    beeswarm_svg(fitted.contributions(world.X), world.X)
    assert np.random.get_state()[1].tolist() == expected  # noqa: NPY002
