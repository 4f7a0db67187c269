"""The entries of a set of one's own in params.yaml: added to the text, nothing else touched."""

import pytest
import yaml

from fer_bench import params
from fer_bench.cli.own_sets import ENTRY, _enter, _with_entries
from fer_bench.errors import FerBenchError

EMPTY = "{models: [], seeds: [], evaluate_on: [], init_from: [], transfer_models: [],\n"
FORMS = {
    "last": f"enabled:  # why\n  jaffe: {EMPTY}     robustness: [], explain: []}}  # tested on\n",
    "no line end": f"enabled:\n  jaffe: {EMPTY}     robustness: [], explain: []}}",
    "a block": "enabled:\n  jaffe:\n    models: []\n    seeds: []\n    evaluate_on: []\n"
    "    init_from: []\n    transfer_models: []\n    robustness: []\n    explain: []\n\n# end\n",
    "not the last": f"enabled:\n  jaffe: {EMPTY}     robustness: [], explain: []}}\n\n"
    "# of models\nmodels: {}\n",
    "an alias": f"x: 1\nenabled:\n  fedro: &off {EMPTY}     robustness: [], explain: []}}\n"
    "  jaffe: *off  # tested on\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_an_entry_comes_after_the_last_and_the_rest_stays(form):
    text = FORMS[form]
    made = _with_entries(text, ["mine", "mine_masked"])
    before, after = yaml.safe_load(text), yaml.safe_load(made)
    assert list(after["enabled"]) == [*before["enabled"], "mine", "mine_masked"]
    needed = {key for key, field in params.Enabled.model_fields.items() if field.is_required()}
    assert set(after["enabled"]["mine"]) == needed
    assert {k: v for k, v in after.items() if k != "enabled"} == {
        k: v for k, v in before.items() if k != "enabled"
    }
    added = "".join(ENTRY.format(indent="  ", name=name) for name in ("mine", "mine_masked"))
    assert made.replace(added, "").rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize("text", ["enabled: {}\n", "enabled: {jaffe: {models: [], seeds: [], "
                         "evaluate_on: [], init_from: [], transfer_models: [], robustness: [], "
                         "explain: []}}\n"])  # fmt: skip
def test_where_it_cannot_be_added_to_the_lines_are_said(text, tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text(text)
    with pytest.raises(FerBenchError, match="fer-bench pipelines") as caught:
        _enter(path, ["mine"])
    assert "  mine:\n    {models: []" in str(caught.value)
    assert path.read_text() == text
