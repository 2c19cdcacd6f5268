"""Names that the demo uses: made up, in Chinese, in the vocabulary of a maker of medical devices."""

from __future__ import annotations

import numpy as np

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡"
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
)
CUSTOMER_KINDS = (
    ("市第{n}人民医院", "医院"),
    ("{n}号门诊部", "诊所"),
    ("康健医疗{n}院", "医院"),
    ("仁济诊所（{n}店）", "诊所"),
)
FOREIGN = (
    "Rhein Klinik",
    "Nordmed Supply",
    "Pacific Health Devices",
    "Andes Medical",
    "Lakeside Clinic",
    "Alpen Praxis",
)
PRODUCTS = (
    # name, family, device class, list price in fen, standard cost in fen
    ("便携式超声诊断仪 U20", "超声", "II", 6_800_000, 3_250_000),
    ("便携式超声诊断仪 U20 Pro", "超声", "II", 9_200_000, 4_480_000),
    ("台式彩超 U60", "超声", "III", 18_600_000, 9_100_000),
    ("凸阵探头 C5-2", "超声", "II", 1_280_000, 590_000),
    ("病人监护仪 M8", "监护", "II", 1_580_000, 742_000),
    ("病人监护仪 M12", "监护", "II", 2_360_000, 1_105_000),
    ("中央监护站 CS1", "监护", "II", 5_400_000, 2_610_000),
    ("十二导心电图机 E12", "心电", "II", 980_000, 455_000),
    ("动态心电记录仪 H3", "心电", "II", 460_000, 208_000),
    ("输液泵 P1", "输注", "II", 520_000, 251_000),
    ("注射泵 S2", "输注", "II", 490_000, 236_500),
    ("营养泵 N1", "输注", "II", 430_000, 199_900),
    ("一次性输液管路（100 套）", "耗材", "III", 86_000, 41_250),
    ("心电电极片（500 片）", "耗材", "I", 24_500, 10_980),
    ("血氧探头 成人", "耗材", "II", 36_000, 15_333),
    ("超声耦合剂（12 瓶）", "耗材", "I", 14_400, 6_105),
    ("除颤仪 D1", "急救", "III", 3_900_000, 1_890_000),
    ("AED 训练机", "急救", "I", 680_000, 302_500),
    ("呼吸机 V500", "急救", "III", 12_800_000, 6_420_000),
    ("雾化器 W2", "家用", "II", 39_900, 17_655),
)
SALESPEOPLE = (
    ("陈立", "华东一组", "华东"),
    ("吴倩", "华东一组", "华东"),
    ("孙浩", "华东二组", "华东"),
    ("许婷", "华南组", "华南"),
    ("梁志远", "华南组", "华南"),
    ("赵磊", "华北组", "华北"),
    ("高欣", "华北组", "华北"),
    ("唐建国", "西部组", "西南"),
    ("何静", "海外组", "海外"),
    ("Lena Vogt", "海外组", "海外"),
)
DISTRIBUTORS = (
    ("华康医疗器械（上海）有限公司", "华东", "一级"),
    ("粤海医疗科技有限公司", "华南", "一级"),
    ("燕赵医械有限公司", "华北", "一级"),
    ("川渝康达医疗有限公司", "西南", "一级"),
    ("苏南联康医疗有限公司", "华东", "二级"),
    ("关东仁和器械有限公司", "东北", "二级"),
)


def people(rng: np.random.Generator, count: int) -> np.ndarray:
    """Names of made-up persons; two may share a name, as in life."""
    family, given = np.array(list(SURNAMES)), np.array(list(GIVEN))
    second = np.where(rng.random(count) < 0.6, given[rng.integers(0, len(given), count)], "")
    parts = (family[rng.integers(0, len(family), count)], given[rng.integers(0, len(given), count)], second)
    return np.char.add(np.char.add(parts[0], parts[1]), second).astype(object)


def institutions(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unique Chinese institution names with their kind and region."""
    index = np.arange(count)
    city, kind, number = index % len(CITIES), (index // len(CITIES)) % len(CUSTOMER_KINDS), index // (30 * 4) + 1
    names = [
        CITIES[c][0] + CUSTOMER_KINDS[k][0].format(n=n)
        for c, k, n in zip(city.tolist(), kind.tolist(), number.tolist(), strict=True)
    ]
    kinds = np.array([kind_name for _, kind_name in CUSTOMER_KINDS], dtype=object)[kind]
    regions = np.array([region for _, region in CITIES], dtype=object)[city]
    return np.array(names, dtype=object), kinds, regions
