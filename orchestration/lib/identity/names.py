"""Taking company names apart: where the firm sits, its trade name, what it does, how it is constituted.

Chinese firms are registered as place + trade name + trade + legal form (企业名称登记管理规定), with the place in front
or in brackets; public hospitals as place + district + number + kind, without a trade name. Other names are words, of
which the last say the legal form. The parts are what :mod:`.compare` weighs; nothing here decides anything.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from orchestration.lib.yaml_source import load_yaml

VOCABULARY_FILE = Path(__file__).with_name("vocabulary.yml")

_CHINESE = re.compile(r"[㐀-鿿]")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_NOISE = re.compile(r"[\s\"'`“”‘’·•.,，。、;；:：_*#!！?？-]+")
_DISTRICT = re.compile(r"市?([^()市区县旗第]{1,4}(?:区|县|旗|市))(?=..)")  # 市南区 is written 南区, too
_ORDINAL = re.compile(r"第([一二三四五六七八九十百0-9]{1,4})|([0-9]+|[一二三四五六七八九十])(?=院区?$|分院$|$)")
_NUMERALS = {sign: number for number, sign in enumerate("零一二三四五六七八九")}
_HAN_DIGITS = re.compile(r"[一二三四五六七八九十百]+")


@dataclass(frozen=True)
class NameParts:
    """The parts of one name; an empty text where the name does not say.

    Attributes:
        norm: the whole name ready to compare: one width, case, script and kind of bracket, no blanks.
        place: the most exact place of the vocabulary that it names.
        province: the province of that place.
        district: district, county or county-level city, with its last character.
        core: the trade name (字号); empty for public institutions.
        trade: what it does, without order of its own.
        ordinal: the number of a hospital, as digits.
        legal: how it is constituted.
        branch: which part of the firm it is; ``head`` is then the norm of the whole firm.
        is_group: whether it calls itself a group.
        is_nobody: whether it names nobody (无, 个人, test).
    """

    norm: str
    place: str = ""
    province: str = ""
    district: str = ""
    core: str = ""
    trade: str = ""
    ordinal: str = ""
    legal: str = ""
    branch: str = ""
    head: str = ""
    is_group: bool = False
    is_nobody: bool = False


@dataclass(frozen=True)
class _Vocabulary:
    provinces: dict[str, str]
    """Place → its province."""
    places: re.Pattern[str]
    place_alone: re.Pattern[str]
    legal_forms: dict[str, str]
    chinese_legal: re.Pattern[str]
    trades: re.Pattern[str]
    groups: re.Pattern[str]
    branch_tail: re.Pattern[str]
    nobody: frozenset[str]


def _any(words: list[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


@cache
def _vocabulary() -> _Vocabulary:
    said: dict[str, Any] = load_yaml(VOCABULARY_FILE).data
    provinces = {province: province for province in said["places"]}
    provinces |= {city: province for province, cities in said["places"].items() for city in cities}
    place = f"({_any(list(provinces))})(?:{_any(said['place_suffixes'])})?"
    legal = {str(form): str(kind) for form, kind in said["legal_forms"].items()}
    branches = _any(said["branches"])
    return _Vocabulary(
        provinces=provinces,
        places=re.compile(place),
        place_alone=re.compile(f"(?:{place})+"),
        legal_forms=legal,
        chinese_legal=re.compile(f"({_any([form for form in legal if _CHINESE.search(form)])})$"),
        trades=re.compile(f"({_any(said['trades'])})$"),
        groups=re.compile(f"({_any(said['groups'])})$"),
        branch_tail=re.compile(f"^(.*(?:公司|医院|集团|中心))(.{{0,12}}?(?:{branches}))$"),
        nobody=frozenset(said["nobody"]),
    )


@cache
def _simplified() -> Any:
    from opencc import OpenCC  # reads its dictionaries

    return OpenCC("t2s")


def normalised(name: str) -> str:
    """One width (NFKC), lower case, simplified characters, round brackets, and blanks made single."""
    text = unicodedata.normalize("NFKC", name).casefold()
    text = text.translate(
        {ord("["): "(", ord("]"): ")", ord("【"): "(", ord("】"): ")", ord("〔"): "(", ord("〕"): ")"}
    )
    if _CHINESE.search(text):
        text = str(_simplified().convert(text))
    return " ".join(text.split())


def parts(name: str) -> NameParts:
    """The parts of a company name. Never fails: what is not understood stays in ``core``."""
    words = _vocabulary()
    text = normalised(name)
    norm = _NOISE.sub("", text)
    if norm in words.nobody or not any(sign.isalnum() for sign in norm):
        return NameParts(norm=norm, is_nobody=True)
    return _chinese(norm, words) if _CHINESE.search(norm) else _latin(text, norm, words)


def _chinese(norm: str, words: _Vocabulary) -> NameParts:
    place, branch, legal = "", "", ""
    rest = norm
    for inside in _BRACKETS.findall(norm):
        if words.place_alone.fullmatch(inside):
            place = place or words.places.findall(inside)[-1]
        elif inside in words.legal_forms or inside.removesuffix("企业") in words.legal_forms:
            legal = words.legal_forms.get(inside, "partnership")
        elif inside not in {"中国", "china"}:
            branch += inside
    rest = _BRACKETS.sub("", rest)
    head = ""
    tail = words.branch_tail.match(rest)
    if tail:
        rest, said = tail.groups()
        branch = said + branch
    if branch:
        head = rest
    found = words.chinese_legal.search(rest)
    if found and len(rest) > len(found.group(1)):
        legal, rest = legal or words.legal_forms[found.group(1)], rest[: found.start()]
    rest, is_group = _without(rest, words.groups)
    rest, first = _leading_place(rest, words)
    if place and first and legal and not _trades(rest, words)[0]:
        rest, first = first + rest, ""  # 泰安医疗器械(广州): in front of a place in brackets stands the trade name
    place = first or place
    district = ""
    found = _DISTRICT.match(rest)
    if found:
        district, rest = found.group(1), rest[found.end() :]
    ordinal = ""
    found = _ORDINAL.search(rest)
    if found and len(rest) > len(found.group()):
        ordinal, rest = _number(found.group(1) or found.group(2)), rest[: found.start()] + rest[found.end() :]
    core, trade = _trades(rest, words)
    return NameParts(
        norm=norm,
        place=place,
        province=words.provinces.get(place, ""),
        district=district,
        core=core,
        trade=trade,
        ordinal=ordinal,
        legal=legal,
        branch=branch,
        head=head,
        is_group=is_group,
    )


def _leading_place(text: str, words: _Vocabulary) -> tuple[str, str]:
    """The text without the places in front, and the last of these."""
    place, province = "", ""
    while found := words.places.match(text):
        inside = words.provinces[found.group(1)]
        # a city follows its province, never another city: 潍坊济宁 is a firm called 济宁
        if len(text) == found.end() or (place and (place != province or inside != province)):
            break
        place, province, text = found.group(1), inside, text[found.end() :]
    return text, place


def _trades(text: str, words: _Vocabulary) -> tuple[str, str]:
    """The text without what is said of its trade at the end, and that, joined by ``+``."""
    trades = []
    while found := words.trades.search(text):
        trades.append(found.group(1))
        text = text[: found.start()]
    return text, "+".join(reversed(trades))


def _without(text: str, pattern: re.Pattern[str]) -> tuple[str, bool]:
    found = pattern.search(text)
    return (text[: found.start()], True) if found and found.start() else (text, False)


def _number(text: str) -> str:
    """二十三 → 23; digits stay."""
    if not _HAN_DIGITS.fullmatch(text):
        return text
    total = 0
    for sign, worth in (("百", 100), ("十", 10)):
        before, found, text = text.rpartition(sign) if sign in text else ("", "", text)
        total += worth * _NUMERALS.get(before, 1) if found else 0
    return str(total + _NUMERALS.get(text, 0))


def _latin(text: str, norm: str, words: _Vocabulary) -> NameParts:
    tokens = [_NOISE.sub("", token) for token in re.split(r"[\s,()/&+]+", text)]
    tokens = [token for token in tokens if token]
    legal = []
    while len(tokens) > 1 and tokens[-1] in words.legal_forms:
        legal.append(words.legal_forms[tokens.pop()])
    numbers = [token for token in tokens if token.isdigit()]
    return NameParts(
        norm=norm,
        core=" ".join(token for token in tokens if not token.isdigit()) or " ".join(tokens),
        ordinal="+".join(numbers) if len(numbers) < len(tokens) else "",
        legal="+".join(reversed(legal)),
    )
