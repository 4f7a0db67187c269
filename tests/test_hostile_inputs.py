"""Whatever is in a file that people write: it is read, or refused with one message."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from dvc.utils.serialize import parse_yaml as dvc_reads
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fer_bench import params
from fer_bench.datasets.own import definition
from fer_bench.errors import FerBenchError
from fer_bench.files import parse_yaml, yaml_text
from fer_bench.model_card import KEYS, check_card

sys.path.insert(0, str(Path(__file__).parent / "evaluation"))
from test_submission import RULES, answers, place, submit_text  # noqa: F401

FEW = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
SHIPPED = yaml.safe_load((Path(__file__).parents[1] / "params.yaml").read_text())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from(["scan_cci", "synthetic", "auto", "../x", "identity", "1e3", "010", 10**23]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=6)
SCRAPS = st.sampled_from(
    ["\0", "\ufeff", "\t", "<<: *x", "<<<<<<< ours\n", ": ", "- ", "&a ", "*a", "!!python/x ", "'",
     '"', "#", ",", "\r", "\n", "{", "]", "0o9", "2024-13-45", "é", "\ud800", "nan", "1e999", "%",
     "\x85", "\u2028", "\u2029", "\x7f", "\u200b", "\xa0"]
)  # fmt: skip


@st.composite
def places(draw: st.DrawFn, tree: Any) -> tuple[Any, ...]:
    """A place in nested mappings and lists."""
    found: list[Any] = []
    while isinstance(tree, dict | list) and tree and (not found or draw(st.booleans())):
        found.append(
            draw(st.sampled_from(sorted(tree) if isinstance(tree, dict) else range(len(tree))))
        )
        tree = tree[found[-1]]
    return tuple(found)


@st.composite
def spoiled(draw: st.DrawFn, text: str) -> str:
    """A text in which some pieces are cut out, doubled or replaced."""
    for _ in range(draw(st.integers(1, 3))):
        at, many = draw(st.integers(0, len(text))), draw(st.integers(0, 30))
        piece = draw(SCRAPS | st.just("") | st.just(text[at : at + many] * 2))
        text = text[:at] + piece + text[at + many :]
    return text


def with_value(tree: Any, where: tuple[Any, ...], value: Any) -> Any:
    if not where:
        return value
    changed = tree.copy()
    changed[where[0]] = with_value(tree[where[0]], where[1:], value)
    return changed


def outcome(read: Callable[[], Any]) -> tuple[Any, str | None]:
    """What was read, or what was said."""
    try:
        return read(), None
    except FerBenchError as error:
        return None, str(error)


@FEW
@given(st.data())
def test_params_with_any_value_anywhere_load_or_are_refused(tmp_path, data):
    changed = with_value(SHIPPED, data.draw(places(SHIPPED)), data.draw(VALUES))
    file = tmp_path / "params.yaml"
    file.write_text(yaml.safe_dump(changed), encoding="utf-8", errors="surrogatepass")
    loaded, said = outcome(lambda: params.load(file))
    if said is None:
        assert all(0 <= seed < 2**31 for cells in loaded.enabled.values() for seed in cells.seeds)
    else:
        assert str(file) in said


@FEW
@given(spoiled("a: &x {b: 1, c: [x, 1e3, 010]}\nd: {<<: *x, e: yes}\nf: 'g'\nh: 1.5\n"))
def test_a_spoiled_text_is_what_dvc_reads_or_refused(text):
    found, said = outcome(lambda: parse_yaml(text, "params.yaml"))
    if said is not None:
        assert said.startswith("params.yaml")
    else:
        assert repr(found or {}) == repr(dvc_reads(text, "params.yaml"))


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029", "\x0b", "\x7f", "\ufeff", "\ud800"])
def test_what_is_a_line_break_to_some_programs_alone_is_refused(tmp_path, sign):
    # 'a: x<U+0085>b: 2' was two keys; 1.2 of YAML, and an editor, see one.
    code = f"U+{ord(sign):04X}"
    texts = [f"c: 1\na: x{sign}b: 2\n", f"{{'{sign}': 1}}"]
    for text in [*texts, f'a: "\\u{ord(sign):04x}"'] if sign != "\ud800" else texts:
        said = outcome(lambda: parse_yaml(text, "params.yaml"))[1]  # noqa: B023
        assert said is not None
        assert code in said
        assert "delete it" in said
    assert "line 2" in str(outcome(lambda: parse_yaml(texts[0], ""))[1])
    file = tmp_path / "params.yaml"
    file.write_text(f"compute: {{device: cpu}}  # {sign}\n", errors="surrogatepass")
    assert str(file) in str(outcome(lambda: params.load(file))[1])


def test_texts_of_every_language_and_a_mark_at_the_start_are_read():
    text = "\ufeffa: 'é 怒り\u3000\xa0 – …'\n"
    assert parse_yaml(text, "") == {"a": "é 怒り\u3000\xa0 – …"}
    loop = parse_yaml("a: &a [*a, x]", "")
    assert loop["a"][0] is loop["a"]


@FEW
@given(VALUES | st.fixed_dictionaries(dict.fromkeys(KEYS, VALUES)))
def test_a_card_states_everything_or_is_refused(card):
    found, said = outcome(lambda: check_card(card, "card.yaml", submitted=True))
    if said is not None:
        assert said.startswith("card.yaml")
    else:
        assert set(found) == set(KEYS)
        assert all(str(value).strip() for value in found.values())


@FEW
@given(st.dictionaries(WORDS, st.sampled_from(["anger", "ignore", None]), max_size=3))
def test_a_definition_is_read_as_it_was_written(tmp_path, labels):
    said = definition.Definition(title="010", labels=labels)
    definition.write(tmp_path / "source.yaml", "mine", said)
    assert definition.read(tmp_path / "source.yaml") == said
    assert parse_yaml(yaml_text(labels), "") == (labels or {})


@settings(FEW, max_examples=40)
@given(data=st.data())
def test_a_spoiled_submission_is_scored_as_it_stands_or_refused_whole(place, data):  # noqa: F811
    whole = f"# protocol 3 {RULES.sha256} toy\n" + answers(place).to_csv(index=False)
    text = data.draw(spoiled(whole))
    out = place / "external/toy/closed_net/0.json"
    out.unlink(missing_ok=True)
    score, said = outcome(lambda: submit_text(place, text))
    if said is not None:
        assert str(place / "closed.csv") in said
        assert not out.exists()
    else:
        whole = score.sets["toy"]["last"]["all"]
        confusion = np.array(whole["confusion"])
        assert confusion.sum() == 12
        assert whole["accuracy"] == pytest.approx(np.trace(confusion) / 12)
