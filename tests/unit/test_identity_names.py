"""Taking names apart, by hand: each row is a name and what a person reads in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.lib.identity.names import normalised, parts


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("上海仁济医疗科技有限公司", {"place": "上海", "core": "仁济", "trade": "医疗科技", "legal": "ltd"}),
        ("仁济医疗科技（上海）有限公司", {"place": "上海", "core": "仁济", "trade": "医疗科技", "legal": "ltd"}),
        ("仁濟醫療科技(上海)有限公司", {"place": "上海", "core": "仁济", "trade": "医疗科技", "legal": "ltd"}),
        ("广东省深圳市仁济科技股份有限公司", {"place": "深圳", "province": "广东", "core": "仁济", "legal": "jsc"}),
        ("北京市第一人民醫院", {"place": "北京", "ordinal": "1", "trade": "人民医院", "core": ""}),
        ("北京第二十三中学医院", {"place": "北京", "ordinal": "23", "core": "中学", "trade": "医院"}),
        ("青岛市市南区人民医院", {"place": "青岛", "district": "南区", "trade": "人民医院", "core": ""}),
        ("昆山市中医院", {"district": "昆山市", "trade": "中医院", "core": ""}),
        # in front of a place in brackets stands the trade name, even if it is a town's
        ("泰安医疗器械（广州）有限公司", {"place": "广州", "core": "泰安", "trade": "医疗器械"}),
        ("潍坊济宁妇产医院", {"place": "潍坊", "core": "济宁", "trade": "妇产医院"}),
        ("仁济医院有限公司上海分公司", {"branch": "上海分公司", "head": "仁济医院有限公司", "core": "仁济"}),
        ("上海市第六人民医院（东院区）", {"branch": "东院区", "head": "上海市第六人民医院", "ordinal": "6"}),
        ("仁康医疗集团", {"core": "仁康", "is_group": True}),
        ("瑞华企业管理合伙企业（有限合伙）", {"core": "瑞华企业", "legal": "partnership"}),
        ("Rhein Klinik GmbH & Co. KG", {"core": "rhein klinik", "legal": "gmbh+co+kg"}),
        ("ACME  Medical, Inc.", {"norm": "acmemedicalinc", "core": "acme medical", "legal": "inc"}),
        ("Nord 2 Clinic LLC", {"core": "nord clinic", "ordinal": "2", "legal": "llc"}),
    ],
)
def test_parts(name: str, expected: dict[str, object]) -> None:
    found = parts(name)
    assert {key: getattr(found, key) for key in expected} == expected


@pytest.mark.parametrize("name", ["无", "个人", " - ", "测试公司", "某某医院", "N/A", "test", "（）"])
def test_names_of_nobody(name: str) -> None:
    assert parts(name).is_nobody


@pytest.mark.parametrize(
    "writings",
    [
        ("上海瑞华医疗（国际）有限公司", "上海瑞華醫療(國際)有限公司", " 上海瑞华医疗 （国际） 有限公司 "),
        ("Acme Ltd.", "ACME LTD", "acme ltd"),
        ("ＡＢＣ医疗", "abc医疗"),
    ],
)
def test_one_norm_for_all_writings(writings: tuple[str, ...]) -> None:
    assert len({parts(name).norm for name in writings}) == 1


@given(st.text(max_size=40))
def test_no_text_is_too_strange(text: str) -> None:
    found = parts(text)
    assert parts(text) == found
    assert found.is_nobody or found.norm
    assert normalised(normalised(text)) == normalised(text)
