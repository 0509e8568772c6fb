"""Pictures of an evaluation: what has something to show, on whom, the same every time."""

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pandas as pd
import pytest

from riskmodel.evaluation.pages.pictures import TITLES, calibration_svg, caption, draw, save


@pytest.fixture(scope="module")
def evaluation(evaluation_of):
    return evaluation_of(days=(2, 5))


@pytest.fixture(scope="module")
def written(evaluation, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    return folder, save(draw(evaluation), folder)


def test_every_picture_has_a_title_and_says_on_whom(evaluation, written):
    folder, svgs = written
    assert set(svgs) == set(TITLES)
    for name, text in svgs.items():
        root = ElementTree.fromstring(text[text.index("<svg") :])
        said = " ".join(root.itertext())
        assert TITLES[name] in said
        assert caption(evaluation) in said
        assert "Research use only" in said
        assert (folder / f"{name}.svg").read_text(encoding="utf-8") == text
        assert (folder / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    whole = evaluation.figures.iloc[0]
    assert caption(evaluation).startswith(f"{whole['patients']} patients, {whole['events']} with")


def test_the_same_evaluation_gives_the_same_bytes(evaluation, written, tmp_path):
    folder, svgs = written
    assert save(draw(evaluation), tmp_path) == svgs
    for path in folder.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_what_has_nothing_to_show_is_not_drawn(evaluation_of):
    one_day = evaluation_of(patients=120)
    assert "by_landmark" not in draw(one_day)
    bare = replace(
        one_day,
        tables={**one_day.tables, "calibration": pd.DataFrame(), "roc": pd.DataFrame()},
    )
    assert set(draw(bare)) == {"precision_recall", "decision_curve", "alarms"}
    assert calibration_svg(bare) is None


def test_the_calibration_alone_is_the_picture_of_the_folder(evaluation, written):
    assert calibration_svg(evaluation) == written[1]["calibration"]


def test_the_axes_are_named_and_hold_every_point(evaluation):
    drawn = draw(evaluation)
    for figure in drawn.values():
        named = [axis for axis in figure.axes if axis.get_xlabel()]
        assert named
        assert all(axis.get_ylabel() for axis in figure.axes)
    axis = drawn["calibration"].axes[0]
    groups = evaluation.tables["calibration_groups"]
    assert groups[["predicted", "observed"]].to_numpy().max() <= axis.get_xlim()[1]
    days = {round(x) for line in drawn["by_landmark"].axes[0].lines for x in line.get_xdata()}
    assert days == {2, 5}


def test_more_contenders_than_colours_leave_the_weakest_out(evaluation_of):
    crowd = evaluation_of(patients=150, others=9)
    labels = draw(crowd)["roc"].axes[0].get_legend_handles_labels()[1]
    assert len(labels) == len(set(labels)) == 6
    assert labels[0] == "riskmodel"
    whole = crowd.figures[crowd.figures["metric"] == "auroc"].set_index("model")["value"]
    left_out = set(whole.index) - set(labels)
    assert whole[sorted(left_out)].max() <= whole[labels[1:]].min()


def test_no_picture_leaves_a_figure_in_pyplot(evaluation):
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    draw(evaluation)
    assert plt.get_fignums() == before


def test_no_value_is_written_as_not_a_number(written):
    for text in written[1].values():
        assert not re.search(r"\bnan\b", text)
