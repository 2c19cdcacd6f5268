"""Texts in both languages, and names reduced to what matters when two of them are compared."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_CJK = re.compile(r"[\u3400-\u9fff]")
_UNIT = re.compile(r"[(（\[【].*?[)）\]】]")  # 金额（元）, amount (EUR)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORDS = re.compile(r"[a-z]+|[0-9]+|[\u3400-\u9fff]+")
_TIME_ENDINGS = re.compile(r"(日期时间|时间|日期|时刻)$")
_SHORTEST = 3  # letters that stay of a stem


class Words(NamedTuple):
    """A text for people, in both languages."""

    en: str
    zh: str

    def of(self, lang: str) -> str:
        """The text in one language."""
        return self.zh if lang == "zh" else self.en


# Traditional characters of the words that name columns and tables, and their simplified ones.
_SIMPLIFIED = str.maketrans(
    "編號碼戶額單訂產貨發開數價總稱電話聯絡類態時間業務員區負責預計實際幣種稅銷經線觸點動廠檢驗庫報備註創簽狀條款項費廣告會議"
    "場門診醫療帳賬應對圖書檔規簡標準紀錄進運輸聯繫郵箱來級別雙倉儲過終結關閉確認審",
    "编号码户额单订产货发开数价总称电话联络类态时间业务员区负责预计实际币种税销经线触点动厂检验库报备注创签状条款项费广告会议"
    "场门诊医疗帐账应对图书档规简标准纪录进运输联系邮箱来级别双仓储过终结关闭确认审",
)


def is_chinese(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return bool(_CJK.search(text))


def tokens(name: str, abbreviations: dict[str, str] | None = None) -> tuple[str, ...]:
    """The words of a name: ``CustomerNo_1`` → customer, number, 1; Chinese stays in one piece.

    >>> tokens("CustomerNo")
    ('customer', 'no')
    """
    text = unicodedata.normalize("NFKC", _UNIT.sub(" ", name)) or name
    found = _WORDS.findall(_CAMEL.sub(" ", text).lower()) or _WORDS.findall(name.lower())
    known = abbreviations or {}
    return tuple(word for token in found for word in known.get(token, token).split())


def normal(words: tuple[str, ...]) -> str:
    """Words as they are compared: stems, and one ending for days and times (a source rarely keeps them apart)."""
    return " ".join(_stem(word) for word in words)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    if is_chinese(word):
        return _TIME_ENDINGS.sub("日期", word.translate(_SIMPLIFIED))
    if word in {"at", "on", "time", "date", "day"}:
        return "date"
    for ending in ("ies", "ing", "ed", "es", "s"):
        rest = word.removesuffix(ending)
        if rest != word and len(rest) >= _SHORTEST and not word.endswith(("ss", "us", "is")):
            word = rest + "y" if ending == "ies" else rest
            break
    word = word.removesuffix("e") if len(word) > _SHORTEST else word
    return word[:-1] if len(word) > _SHORTEST and word[-1] == word[-2] else word
