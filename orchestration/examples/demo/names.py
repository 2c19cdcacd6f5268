"""Names that the demo uses: made up, in Chinese, in the vocabulary of a maker of medical devices."""

from __future__ import annotations

import numpy as np

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
PINYIN = (
    "wang", "li", "zhang", "liu", "chen", "yang", "huang", "zhao", "wu", "zhou", "xu", "sun", "ma", "zhu", "hu", "guo",
    "he", "gao", "lin", "luo", "zheng", "liang", "xie", "song", "tang", "xu", "han", "feng", "deng", "cao", "peng",
    "zeng", "xiao", "tian", "dong", "yuan", "pan", "yu", "jiang", "cai",
)  # fmt: skip
"""The surnames as they stand in e-mail addresses."""
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华文玲辉鑫燕红波斌宇浩凯健俊帆雪琳婷慧建国志远海欣怡"
CITIES = (
    ("北京", "华北"),
    ("天津", "华北"),
    ("石家庄", "华北"),
    ("太原", "华北"),
    ("上海", "华东"),
    ("南京", "华东"),
    ("苏州", "华东"),
    ("杭州", "华东"),
    ("宁波", "华东"),
    ("合肥", "华东"),
    ("济南", "华东"),
    ("青岛", "华东"),
    ("福州", "华东"),
    ("厦门", "华东"),
    ("广州", "华南"),
    ("深圳", "华南"),
    ("佛山", "华南"),
    ("南宁", "华南"),
    ("武汉", "华中"),
    ("长沙", "华中"),
    ("郑州", "华中"),
    ("南昌", "华中"),
    ("成都", "西南"),
    ("重庆", "西南"),
    ("昆明", "西南"),
    ("贵阳", "西南"),
    ("西安", "西北"),
    ("兰州", "西北"),
    ("沈阳", "东北"),
    ("大连", "东北"),
    ("哈尔滨", "东北"),
    ("长春", "东北"),
    ("呼和浩特", "华北"),
    ("唐山", "华北"),
    ("保定", "华北"),
    ("无锡", "华东"),
    ("常州", "华东"),
    ("南通", "华东"),
    ("徐州", "华东"),
    ("温州", "华东"),
    ("绍兴", "华东"),
    ("烟台", "华东"),
    ("潍坊", "华东"),
    ("泉州", "华东"),
    ("珠海", "华南"),
    ("东莞", "华南"),
    ("中山", "华南"),
    ("海口", "华南"),
    ("宜昌", "华中"),
    ("洛阳", "华中"),
    ("株洲", "华中"),
    ("赣州", "华中"),
    ("绵阳", "西南"),
    ("遵义", "西南"),
    ("银川", "西北"),
    ("乌鲁木齐", "西北"),
)
PUBLIC = (
    # what follows the city, how often, class of the hospital
    ("市人民医院", "三级医院"),
    ("市第一人民医院", "三级医院"),
    ("市第二人民医院", "三级医院"),
    ("市第三人民医院", "二级医院"),
    ("市第四人民医院", "二级医院"),
    ("市中心医院", "三级医院"),
    ("市中医院", "三级医院"),
    ("市妇幼保健院", "二级医院"),
    ("市儿童医院", "三级医院"),
    ("市第五人民医院", "二级医院"),
    ("市中西医结合医院", "二级医院"),
    ("市肿瘤医院", "三级医院"),
    ("市急救中心", "二级医院"),
    ("市第六人民医院", "二级医院"),
)
DISTRICTS = (
    "东城", "西湖", "南山", "北辰", "高新", "江北", "开发", "临江",
    "新城", "锦江", "天河", "越秀", "龙华", "滨湖", "岳麓", "武侯",
    "历下", "市南", "鼓楼", "玄武", "姑苏", "余杭", "萧山", "海曙",
    "蜀山", "思明", "晋安", "和平", "铁西", "中原", "青山", "雁塔",
)  # fmt: skip
DISTRICT_KINDS = (
    ("人民医院", "二级医院"),
    ("中医院", "二级医院"),
    ("妇幼保健院", "二级医院"),
    ("社区卫生服务中心", "基层医疗"),
    ("第二医院", "二级医院"),
    ("康复医院", "二级医院"),
)
FIRST, SECOND = "仁康德济安瑞华明同博惠普恒和嘉泰盛瀚", "和宁济康泰安心仁瑞华源诚佑益恩爱"
PRIVATE = (
    # name pattern with {city} and {word}, kind in the ERP, segment
    ("{city}{word}妇产医院有限公司", "医院", "民营专科"),
    ("{city}{word}骨科医院有限公司", "医院", "民营专科"),
    ("{word}医疗（{city}）有限公司", "医院", "民营专科"),
    ("{city}{word}体检中心有限公司", "诊所", "体检中心"),
    ("{city}{word}综合门诊部有限公司", "诊所", "诊所"),
    ("{word}（{city}）健康管理有限公司", "诊所", "体检中心"),
    ("{city}{word}诊所", "诊所", "诊所"),
    ("{city}{word}康养医院", "医院", "民营专科"),
)
DEALER = ("{word}医疗器械（{city}）有限公司", "{city}{word}医疗科技有限公司", "{city}{word}医械有限公司")
FOREIGN_FIRST = (
    "Rhein", "Nord", "Pacific", "Andes", "Lakeside", "Alpen", "Gulf", "Savanna", "Atlas", "Danube", "Baltic", "Iberia",
    "Coral", "Cedar", "Sierra", "Aegean",
)  # fmt: skip
FOREIGN_LAST = (
    "Klinik GmbH", "Medical Supply Ltd", "Health Devices Inc.", "Medical S.A.", "Clinic LLC", "Praxis GmbH",
    "Hospital Group", "Medical Trading FZE", "Healthcare Pty Ltd", "Diagnostics B.V.",
)  # fmt: skip
TRADITIONAL = (
    "医醫", "疗療", "华華", "东東", "广廣", "济濟", "宁寧", "国國",
    "门門", "诊診", "妇婦", "产產", "业業", "爱愛", "义義", "乐樂",
    "汉漢", "庆慶", "苏蘇", "滨濱", "骨骨", "体體", "检檢", "综綜", "养養", "瑞瑞",
)  # fmt: skip
"""Simplified and traditional form of the characters that names here have."""
PRODUCTS = (
    # name, family, device class, list price and standard cost in fen, unit, how often it leads a quote
    ("便携式超声诊断仪 U20", "超声", "II", 6_800_000, 2_690_000, "台", 9),
    ("便携式超声诊断仪 U20 Pro", "超声", "II", 9_200_000, 3_720_000, "台", 7),
    ("台式彩超 U60", "超声", "III", 18_600_000, 7_560_000, "台", 5),
    ("凸阵探头 C5-2", "超声", "II", 1_280_000, 468_000, "把", 1),
    ("病人监护仪 M8", "监护", "II", 1_580_000, 642_000, "台", 9),
    ("病人监护仪 M12", "监护", "II", 2_360_000, 935_000, "台", 7),
    ("中央监护站 CS1", "监护", "II", 5_400_000, 2_110_000, "套", 3),
    ("十二导心电图机 E12", "心电", "II", 980_000, 395_000, "台", 6),
    ("动态心电记录仪 H3", "心电", "II", 460_000, 178_000, "台", 5),
    ("输液泵 P1", "输注", "II", 520_000, 221_000, "台", 9),
    ("注射泵 S2", "输注", "II", 490_000, 206_500, "台", 8),
    ("营养泵 N1", "输注", "II", 430_000, 179_900, "台", 3),
    ("一次性输液管路（100 套）", "耗材", "III", 86_000, 34_250, "箱", 4),
    ("心电电极片（500 片）", "耗材", "I", 24_500, 9_180, "盒", 4),
    ("血氧探头 成人", "耗材", "II", 36_000, 12_733, "个", 4),
    ("超声耦合剂（12 瓶）", "耗材", "I", 14_400, 5_205, "箱", 3),
    ("除颤仪 D1", "急救", "III", 3_900_000, 1_590_000, "台", 6),
    ("AED 训练机", "急救", "I", 680_000, 252_500, "台", 2),
    ("呼吸机 V500", "急救", "III", 12_800_000, 5_420_000, "台", 4),
    ("雾化器 W2", "家用", "II", 39_900, 16_655, "台", 2),
)
INTERESTS = ("超声", "监护", "输注", "急救", "心电", "耗材")
SLUGS = ("ultrasound", "monitoring", "infusion", "emergency", "ecg", "consumables")
KEYWORDS = ("便携彩超 价格", "病人监护仪 厂家", "输液泵 采购", "除颤仪 参数", "十二导心电图机", "心电电极片 批发")
ROLES = ("设备科科长", "采购科", "临床科室主任", "院长", "医学工程师", "采购经理", "总经理")
TEAMS = (
    # team, region, how many of twelve
    ("华东一组", "华东", 2),
    ("华东二组", "华东", 2),
    ("华南组", "华南", 2),
    ("华北组", "华北", 2),
    ("华中组", "华中", 1),
    ("西部组", "西南", 1),
    ("海外组", "海外", 2),
)
TEAM_REGION = {"西北": "西南", "东北": "华北"}
"""Regions that the team of another one looks after."""


def people(rng: np.random.Generator, count: int) -> np.ndarray:
    """Names of made-up persons; two may share a name, as in life."""
    family, given = np.array(list(SURNAMES)), np.array(list(GIVEN))
    second = np.where(rng.random(count) < 0.6, given[rng.integers(0, len(given), count)], "")
    parts = (family[rng.integers(0, len(family), count)], given[rng.integers(0, len(given), count)], second)
    return np.strings.add(np.strings.add(parts[0], parts[1]), second).astype(object)


def in_letters(names: np.ndarray) -> np.ndarray:
    """The surname of each name in Latin letters."""
    table = np.array([*PINYIN, "info"])
    place = {surname: number for number, surname in enumerate(SURNAMES)}
    first = names.astype("U1")
    known, back = np.unique(first, return_inverse=True)
    return np.asarray(table[np.array([place.get(str(sign), len(PINYIN)) for sign in known])[back]])


def public_hospitals(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Different names of public hospitals with their class and region: those of cities, then those of districts."""
    big, small = len(CITIES) * len(PUBLIC), len(CITIES) * len(DISTRICTS) * len(DISTRICT_KINDS)
    index = np.arange(count)
    of_city = index < big // 2
    place = np.where(of_city, (index * 307) % big, (index * 7_919) % small)
    city = place % len(CITIES)
    names, classes = np.array([CITIES[i][0] for i in range(len(CITIES))]), np.array([c for _, c in PUBLIC])
    kinds, kind_classes = np.array([k for k, _ in DISTRICT_KINDS]), np.array([c for _, c in DISTRICT_KINDS])
    in_city = np.strings.add(names[city], np.array([k for k, _ in PUBLIC])[place // len(CITIES) % len(PUBLIC)])
    rest = place // len(CITIES)
    district = np.strings.add(np.array(DISTRICTS)[rest % len(DISTRICTS)], "区")
    kind = rest // len(DISTRICTS) % len(DISTRICT_KINDS)
    in_district = np.strings.add(np.strings.add(names[city], "市"), np.strings.add(district, kinds[kind]))
    name = _numbered_again(np.where(of_city, in_city, in_district), index // small)
    grade = np.where(of_city, classes[rest % len(PUBLIC)], kind_classes[kind])
    return name, grade.astype(object), _regions(city)


def companies(count: int, patterns: tuple[str, ...], start: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Different names of companies from patterns with {city} and {word}; the pattern's number and the region beside."""
    words = np.array([a + b for a in FIRST for b in SECOND if a != b])
    space = len(words) * len(CITIES) * len(patterns)
    index = np.arange(start, start + count)
    place = (index * 104_729) % space
    city, pattern, word = (
        place % len(CITIES),
        place // len(CITIES) % len(patterns),
        place // len(CITIES) // len(patterns),
    )
    text = np.array(patterns)[pattern]
    text = np.strings.replace(text, "{city}", np.array([c for c, _ in CITIES])[city])
    text = np.strings.replace(text, "{word}", words[word])
    return _numbered_again(text, index // space), pattern, _regions(city)


def foreign_companies(count: int) -> np.ndarray:
    """Different names of clinics and traders abroad."""
    index = np.arange(count)
    first = np.array(FOREIGN_FIRST)[index % len(FOREIGN_FIRST)]
    last = np.array(FOREIGN_LAST)[index * 7 // len(FOREIGN_FIRST) % len(FOREIGN_LAST)]
    number = np.where(index < len(FOREIGN_FIRST), "", np.strings.add((index // len(FOREIGN_FIRST)).astype(str), " "))
    return np.asarray(np.strings.add(np.strings.add(first, " "), np.strings.add(number, last)), dtype=object)


def _regions(city: np.ndarray) -> np.ndarray:
    found: np.ndarray = np.array([region for _, region in CITIES], dtype=object)[city]
    return found


def _numbered_again(names: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """A branch number behind names that come up for the second time."""
    suffix = np.strings.add(np.strings.add("（", (turn + 1).astype(str)), "院区）")
    return np.where(turn > 0, np.strings.add(names, suffix), names).astype(object)
