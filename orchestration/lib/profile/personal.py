"""Personal values: recognising columns that hold them, and never showing one whole."""

from __future__ import annotations

import re

from orchestration.lib.contract import PersonalKind

EMAIL = r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}"
MOBILE = r"(?:\+?86[ \-]?)?1[3-9][0-9](?:[ \-]?[0-9]{4}){2}"
LANDLINE = r"(?:\+?86[ \-]?)?\(?0[0-9]{2,3}\)?[ \-]?[0-9]{7,8}(?:[ \-][0-9]{1,5})?"
# without a sign between the parts, a number like this may as well be a code
SEPARATED_LANDLINE = r"\(?0[0-9]{2,3}\)?[ \-][0-9]{7,8}(?:[ \-][0-9]{1,5})?"
INTERNATIONAL = r"\+[0-9]{1,3}[ \-]?\(?[0-9]{1,4}\)?(?:[ \-]?[0-9]{2,4}){2,4}"
PHONE = f"(?:{MOBILE}|{LANDLINE}|{INTERNATIONAL})"
IDENTITY_CARD = r"[1-9][0-9]{5}(?:18|19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9Xx]"
# What a longer text must hold to be personal: numbers of mobiles stand alone, not within an order number.
WITHIN = rf"({EMAIL}|(?:^|[^0-9A-Za-z])1[3-9][0-9]{{9}}(?:[^0-9A-Za-z]|$)|{IDENTITY_CARD})"

# The surnames of more than nine tenths of the Chinese population.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文洪柯樊倪殷尤俞"
)
CHINESE_NAME = f"[{_SURNAMES}][\u4e00-\u9fff]{{1,2}}|(?:欧阳|上官|司马|诸葛|皇甫|尉迟)[\u4e00-\u9fff]{{1,2}}"
WESTERN_NAME = r"[A-ZÀ-Þ][\w'’.\-]+(?: [A-ZÀ-Þ][\w'’.\-]*){1,3}"

_ANY_EMAIL = re.compile(EMAIL)
_ANY_MOBILE = re.compile(rf"(?<![0-9A-Za-z]){MOBILE}(?![0-9A-Za-z])")
_ANY_IDENTITY = re.compile(rf"(?<![0-9A-Za-z]){IDENTITY_CARD}(?![0-9A-Za-z])")


def mask(value: str, kind: PersonalKind) -> str:
    """A personal value with its telling part hidden.

    >>> mask("13800000000", "phone"), mask("张三丰", "name"), mask("ann@example.com", "email")
    ('138****0000', '张*', 'a***@example.com')
    """
    if kind == "phone":
        digits = [at for at, char in enumerate(value) if char.isdigit()]
        if len(digits) < 8:
            return "*" * len(value)
        hidden = set(digits[3:-4])
        shown = "".join("*" if at in hidden else char for at, char in enumerate(value))
        return re.sub(r"\*{2,}", "****", shown)
    if kind == "email" and "@" in value:
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}***@{domain}"
    if kind == "name":
        return " ".join(f"{word[:1]}*" for word in value.split())
    return f"*** ({len(value)})"


def scrub(value: str) -> str:
    """Any text without the phone numbers, addresses and identity numbers in it: the last line of defence."""
    text = _ANY_EMAIL.sub(lambda match: mask(match[0], "email"), value)
    text = _ANY_IDENTITY.sub(lambda match: match[0][:4] + "****", text)
    return _ANY_MOBILE.sub(lambda match: mask(match[0], "phone"), text)
