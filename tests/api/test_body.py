from __future__ import annotations

import json
import math
import sys
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from qsignhub.api.body import MAX_BYTES, MalformedJson, NumberOutOfRange, _unique_keys, parse

DEPTH = 32
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(texts, inner, max_size=5),
    max_leaves=25,
)


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


def refused(raw: bytes) -> str:
    with pytest.raises(MalformedJson) as caught:
        parse(raw)
    assert len(caught.value.message) < 300, "a body is not sent back in the error"
    return caught.value.message


@settings(deadline=None)
@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_valid_json_is_read_as_by_the_standard_library(value: Any, escaped: bool, indent: int | None) -> None:
    raw = json.dumps(value, ensure_ascii=escaped, indent=indent).encode()
    assert parse(raw) == json.loads(raw) == value


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b"\xff\xfe{\x00}\x00")
@example(b"[1e400]")
@example(b'"\\ud83d"')
def test_case_1_any_bytes_are_read_or_refused_and_nothing_else(raw: bytes) -> None:
    try:
        value = parse(raw)
    except (MalformedJson, NumberOutOfRange):
        return
    assert value == json.loads(raw.decode())


JSONISH = st.lists(st.sampled_from([*'{}[]",:\\ u0d8 ', "true", "null", "-1", "1e9", '"a"', "NaN"]))


@settings(deadline=None, max_examples=400)
@given(JSONISH.map("".join))
@example('{"a":1,"a":1}')
def test_what_looks_like_json_is_read_or_refused_and_nothing_else(text: str) -> None:
    try:
        value = parse(text.encode())
    except (MalformedJson, NumberOutOfRange):
        return
    assert value == json.loads(text)


@settings(deadline=None)
@given(st.dictionaries(texts, values, min_size=1, max_size=4), st.data())
def test_case_2_duplicate_keys_are_refused_wherever_they_stand(value: dict[str, Any], data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(value)))
    members = [f"{json.dumps(key)}:{json.dumps(item)}" for key, item in value.items()]
    members.append(f"{json.dumps(name, ensure_ascii=False)}: null")
    twice = "{" + ",".join(data.draw(st.permutations(members))) + "}"
    for raw in (twice, f"[{twice}]", f'{{"outer": {twice}}}'):
        assert "stands twice" in refused(raw.encode())


def test_case_2_a_key_written_in_two_ways_is_a_duplicate() -> None:
    refused(b'{"a": 1, "\\u0061": 2}')
    assert parse(b'{"a": 1, "A": 2}') == {"a": 1, "A": 2}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_case_3_depth_has_a_limit(opening: str, closing: str) -> None:
    levels = opening.count("[") + opening.count("{")
    core, many = "0", DEPTH // levels
    parse((opening * many + core + closing * many).encode())
    many += 1
    assert "deeper" in refused((opening * many + core + closing * many).encode())


@pytest.mark.parametrize("depth", [10_000, MAX_BYTES // 2])
def test_case_3_ten_thousand_levels_are_refused(depth: int) -> None:
    assert "deeper" in refused(nested(depth))
    assert "deeper" in refused(nested(depth)[:depth])
    refused(b'{"a":' * (depth // 5))


def test_brackets_in_a_text_are_no_depth() -> None:
    text = '[{"' * 1000
    assert parse(json.dumps({"note": text}).encode()) == {"note": text}
    assert parse(b'["\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\\"]') == ['"' + "[" * 40 + "\\"]


def test_brackets_side_by_side_are_no_depth() -> None:
    assert parse(b"[" + b"[]," * 500 + b"[]]") == [[]] * 501


@pytest.mark.parametrize("bad", [r"\u0000", r"\ud800", r"\udfff", r"\udc00\ud800", r"\ud83dx", r"x\uDe00"])
@pytest.mark.parametrize(
    "body", ['"{}"', '["ok", "a{}b"]', '{{"name": "{}"}}', '{{"{}": 1}}', '[[[{{"a": ["{}"]}}]]]']
)
def test_case_4_nul_and_lone_surrogates_are_refused(body: str, bad: str) -> None:
    assert "NUL" in refused(body.format(bad).encode())


def test_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(b'"\\ud83d\\ude00"') == "\U0001f600"
    assert parse('"\U0001f600 zażółć \\\\u0000"'.encode()) == "\U0001f600 zażółć \\u0000"


@pytest.mark.parametrize(
    "raw", [b'"a\x00b"', b"\x00", b'"\xed\xa0\x80"', b'"\xff"', b'"\xc0\x80"', b"\xfe\xff\x00{"]
)
def test_case_4_raw_bytes_that_are_no_text_are_refused(raw: bytes) -> None:
    refused(raw)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b"NaN", "body"),
        (b"[Infinity]", "0"),
        (b'{"a": -Infinity}', "a"),
        (b"1e400", "body"),
        (b"[-1e999]", "0"),
        (b'{"x": [1, {"y": 9E9999}]}', "x.1.y"),
        (b'{"n": 9223372036854775808}', "n"),
        (b'{"n": -9223372036854775809}', "n"),
    ],
)
def test_case_6_a_number_that_is_not_kept_as_it_is_is_refused_and_named(raw: bytes, field: str) -> None:
    with pytest.raises(NumberOutOfRange) as refusal:
        parse(raw)
    assert refusal.value.field == field


def test_numbers_up_to_their_limits_are_kept() -> None:
    assert parse(b"1e308") == 1e308
    assert parse(b"1e-400") == 0
    assert parse(str(2**63 - 1).encode()) == 2**63 - 1
    assert parse(str(-(2**63)).encode()) == -(2**63)
    assert parse(str(sys.float_info.max).encode()) == sys.float_info.max
    assert math.copysign(1, parse(b"-0.0")) == -1
    refused(b"9" * 100_000)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b" ",
        b"{",
        b"{]",
        b"[1,]",
        b"{'a': 1}",
        b"{} {}",
        b"[1] x",
        b"// no\n{}",
        b'{"a" 1}',
        b"01",
        b"+1",
    ],
)
def test_case_1_malformed_json_is_refused(raw: bytes) -> None:
    refused(raw)


def test_a_refusal_says_where() -> None:
    assert "line 2, column 8" in refused(b'{\n"a": 1 "b": 2}')


def test_a_great_many_keys_cost_no_more_than_reading_them() -> None:
    """A duplicate at the end of a body as big as is let in; comparing all with all would take minutes."""
    keys = ",".join(f'"{number}":0' for number in range(MAX_BYTES // 11))
    raw = ("{" + keys + f',"{MAX_BYTES // 11 - 1}":1}}').encode()
    assert len(raw) <= MAX_BYTES
    comparisons = 0

    class Counting(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal comparisons
            comparisons += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    with pytest.raises(ValueError, match="stands twice"):
        _unique_keys([(Counting(n), 0) for n in (*range(2000), 1999)])
    assert comparisons < 20_000
    assert "stands twice" in refused(raw)


def test_a_long_key_that_stands_twice_is_not_sent_back() -> None:
    key = "k" * 100_000
    refused(f'{{"{key}": 1, "{key}": 2}}'.encode())
    with pytest.raises(NumberOutOfRange) as out_of_range:
        parse(f'{{"{key}": 1e999}}'.encode())
    assert len(out_of_range.value.message) < 200


@pytest.mark.parametrize("item", ["[]", "{}", "1", '"a"'])
def test_so_many_values_and_no_more(item: str) -> None:
    def body(count: int) -> bytes:
        return f"[{','.join([item] * count)}]".encode()

    assert len(parse(body(10_000))) == 10_000
    assert "10,000 values" in refused(body(10_001))


def test_a_name_and_its_value_count_as_two() -> None:
    assert parse(json.dumps(dict.fromkeys(map(str, range(5000)), 0)).encode())
    assert "10,000 values" in refused(json.dumps(dict.fromkeys(map(str, range(5001)), 0)).encode())
