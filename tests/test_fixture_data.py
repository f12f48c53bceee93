"""The shipped fixtures are whole, unambiguous, and know the names that the plans print."""

import json
import unicodedata
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
KINDS = {"bureau", "government", "enterprise", "collective"}
ROLES = {"coordinator", "leader", "reporter", "head", "administrator"}
BRACKETS = str.maketrans("〔〕", "()")

# Copied by hand from each plan: the name as printed, with the prefix it inherits, and who is meant.
PRINTED = {
    "410700": {
        "市发改委": "新乡市发展和改革委员会",
        "发改部门": "新乡市发展和改革委员会",
        "市工信局": "新乡市工业和信息化局",
        "市资源规划局": "新乡市自然资源和规划局",
        "市住建局": "新乡市住房和城乡建设局",
        "市市场监管局": "新乡市市场监督管理局",
        "市行政审批和政务信息管理局": "新乡市行政审批和政务信息管理局",
        "市供销社": "新乡市供销合作社",
        "市税务局": "国家税务总局新乡市税务局",
        "人行新乡市分行": "中国人民银行新乡市分行",
        "新乡金融监管分局": "国家金融监督管理总局新乡监管分局",
        "新乡海关": "中华人民共和国新乡海关",
        "新乡车务段": "中国铁路郑州局集团有限公司新乡车务段",
        "供电公司": "国网河南省电力公司新乡供电公司",
        "市环委办": "新乡市生态环境保护委员会办公室",
        "平原示范区": "新乡市平原城乡一体化示范区管理委员会",
        "各县〔市、区〕政府": "各县〔市、区〕政府",
        "各县(市、区)政府": "各县〔市、区〕政府",
        "管委会": "管委会",
    },
    "130181": {
        "市发展改革局": "辛集市发展和改革局",
        "市科学技术和工业信息化局": "辛集市科学技术和工业信息化局",
        "市住房城乡建设局": "辛集市住房和城乡建设局",
        "市城市管理综合行政执法局": "辛集市城市管理综合行政执法局",
        "市数据和政务服务局": "辛集市数据和政务服务局",
        "市市场监督管理局": "辛集市市场监督管理局",
        "市水务局": "辛集市水务局",
        "市支油办": "辛集市支援油田建设办公室",
        "国网辛集市供电公司": "国网辛集市供电公司",
        "国网辛集供电分公司": "国网辛集市供电公司",
        "辛集铁路货运中心": "辛集铁路货运中心",
        "辛集保税物流中心": "辛集保税物流中心管理委员会",
        "辛集保税物流中心管委会": "辛集保税物流中心管理委员会",
        "经济开发区": "辛集经济开发区管理委员会",
        "经济开发区管委会": "辛集经济开发区管理委员会",
        "各乡、镇人民政府": "各乡镇人民政府",
        "各乡镇": "各乡镇人民政府",
        "各相关责任单位": "各相关责任单位",
    },
    "410100": {
        "市发展改革委": "郑州市发展和改革委员会",
        "市城建局": "郑州市城乡建设局",
        "市城管局": "郑州市城市管理局",
        "市交通运输局": "郑州市交通运输局",
        "市交通局": "郑州市交通运输局",
        "市政府国资委": "郑州市人民政府国有资产监督管理委员会",
        "市机关事务中心": "郑州市机关事务中心",
        "市市场发展中心": "郑州市市场发展中心",
        "市市场监管局": "郑州市市场监督管理局",
        "市控尘办": "郑州市控制扬尘污染工作领导小组办公室",
        "市环委会攻坚办": "郑州市生态环境保护委员会攻坚办公室",
        "市供电公司": "国网河南省电力公司郑州供电公司",
        "郑州供电公司": "国网河南省电力公司郑州供电公司",
        "中国铁路郑州局集团有限公司": "中国铁路郑州局集团有限公司",
        "郑州航空港区": "郑州航空港经济综合实验区管理委员会",
        "各开发区管委会": "各开发区管委会",
        "区县(市)政府": "区县(市)政府",
    },
    "411700": {
        "市发展改革委": "驻马店市发展和改革委员会",
        "市工业和信息化局": "驻马店市工业和信息化局",
        "市住房和城乡建设局": "驻马店市住房和城乡建设局",
        "市自然资源和规划局": "驻马店市自然资源和规划局",
        "市市场监督管理局": "驻马店市市场监督管理局",
        "市公路事业发展中心": "驻马店市公路事业发展中心",
        "市机关事务中心": "驻马店市机关事务中心",
        "市供销社": "驻马店市供销合作社",
        "市供电公司": "国网河南省电力公司驻马店供电公司",
        "中国铁路武汉局集团有限公司驻马店车务段": "中国铁路武汉局集团有限公司驻马店车务段",
        "中国人民银行驻马店市中心支行": "中国人民银行驻马店市中心支行",
        "国家金融监管总局驻马店监管分局": "国家金融监督管理总局驻马店监管分局",
        "市生态环境保护委员会办公室": "驻马店市生态环境保护委员会办公室",
        "各县区政府": "各县区政府",
        "管委会": "管委会",
        "各县区政府(管委会)": "各县区政府(管委会)",
        "各有关成员单位": "各有关成员单位",
    },
    "140902": {
        "区行政审批局": "忻府区行政审批服务管理局",
        "区工信局": "忻府区工业和信息化局",
        "区发改局": "忻府区发展和改革局",
        "市生态环境局忻府分局": "忻州市生态环境局忻府分局",
        "市公安局忻府分局": "忻州市公安局忻府分局",
        "市公安局直属分局": "忻州市公安局直属分局",
        "区能源局": "忻府区能源局",
        "区市场监管局": "忻府区市场监督管理局",
        "区市场监督管理局": "忻府区市场监督管理局",
        "区住建局": "忻府区住房和城乡建设局",
        "区自然资源局": "忻府区自然资源局",
        "区应急管理局": "忻府区应急管理局",
        "区气象局": "忻府区气象局",
        "各乡、镇(街道)": "各乡、镇(街道)",
        "涉改乡、镇(街道)": "涉改乡、镇(街道)",
        "区清洁取暖工作领导小组其他成员单位": "区清洁取暖工作领导小组其他成员单位",
    },
}


def load(name):
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def fold(name):
    return unicodedata.normalize("NFKC", name).translate(BRACKETS)


def owners(region):
    """Each folded name of a region, with the departments that answer to it."""
    found: dict[str, set[str]] = {}
    for department in region["departments"]:
        for name in (department["name"], department["short_name"], *department["aliases"]):
            found.setdefault(fold(name), set()).add(department["name"])
    return found


REGIONS = load("regions.json")
BY_CODE = {region["code"]: region for region in REGIONS}
STAFFED = [region for region in REGIONS if region["departments"]]
USERS = load("users.json")
by_name = pytest.mark.parametrize("region", STAFFED, ids=lambda region: region["name"])


def test_region_codes_are_unique_and_parents_come_first():
    seen = set()
    for region in REGIONS:
        assert region["code"] not in seen
        assert len(region["code"]) == 6
        assert region["code"].isdigit()
        assert region["level"] in {"city", "county"}
        assert region["parent"] is None or region["parent"] in seen
        seen.add(region["code"])


def test_county_codes_lie_inside_their_parent():
    strays = [r["name"] for r in REGIONS if r["parent"] and r["code"][:4] != r["parent"][:4]]
    assert strays == []


def test_every_plan_region_is_staffed():
    assert {region["code"] for region in STAFFED} == set(PRINTED)


@by_name
def test_departments_have_the_agreed_fields(region):
    for department in region["departments"]:
        expected = {"name", "short_name", "kind", "aliases"}
        if department["kind"] == "collective":
            expected.add("members")
        assert set(department) == expected
        assert department["kind"] in KINDS


@by_name
def test_a_name_belongs_to_one_department(region):
    shared = {name: who for name, who in owners(region).items() if len(who) > 1}
    assert shared == {}


@by_name
def test_department_names_are_unique(region):
    counts = Counter(department["name"] for department in region["departments"])
    assert [name for name, count in counts.items() if count > 1] == []


@by_name
def test_aliases_repeat_nothing(region):
    for department in region["departments"]:
        names = [department["short_name"], *department["aliases"]]
        assert len(set(names)) == len(names)
        assert department["name"] not in department["aliases"]


@by_name
def test_members_are_departments_of_the_region(region):
    kinds = {department["name"]: department["kind"] for department in region["departments"]}
    for department in region["departments"]:
        if department["kind"] == "collective":
            members = department["members"]
            assert members
            assert len(set(members)) == len(members)
            assert [m for m in members if kinds.get(m, "collective") == "collective"] == []


@pytest.mark.parametrize("code", ["410700", "410100", "411700"])
def test_counties_are_both_departments_and_child_regions(code):
    children = {region["name"] + "人民政府" for region in REGIONS if region["parent"] == code}
    governments = {d["name"] for d in BY_CODE[code]["departments"] if d["kind"] == "government"}
    assert children == {name for name in governments if name.endswith("人民政府")}


@pytest.mark.parametrize(
    ("code", "printed", "expected"),
    [(code, printed, name) for code, names in PRINTED.items() for printed, name in names.items()],
)
def test_printed_names_resolve(code, printed, expected):
    assert owners(BY_CODE[code])[fold(printed)] == {expected}


def test_national_forms_are_unambiguous():
    records = load("aliases.json")
    counts = Counter(form for record in records for form in (record["name"], *record["aliases"]))
    assert [form for form, count in counts.items() if count > 1] == []
    assert all(set(record) == {"name", "aliases"} for record in records)
    assert len(records) >= 60


@pytest.mark.parametrize(
    ("form", "name"),
    [
        ("发改委", "发展和改革委员会"),
        ("发改局", "发展和改革局"),
        ("资源规划局", "自然资源和规划局"),
        ("自规局", "自然资源和规划局"),
        ("工信局", "工业和信息化局"),
        ("住建局", "住房和城乡建设局"),
        ("市场监管局", "市场监督管理局"),
        ("国资委", "政府国有资产监督管理委员会"),
        ("卫健委", "卫生健康委员会"),
        ("人社局", "人力资源和社会保障局"),
        ("供销社", "供销合作社"),
        ("金融办", "金融工作局"),
        ("机关事务中心", "机关事务服务中心"),
        ("医保局", "医疗保障局"),
        ("委宣传部", "宣传部"),
    ],
)
def test_national_forms(form, name):
    assert [r["name"] for r in load("aliases.json") if form in r["aliases"]] == [name]


def test_usernames_are_unique_ascii():
    names = [user["username"] for user in USERS]
    assert len(set(names)) == len(names)
    assert all(name.isascii() and name == name.lower() for name in names)


def test_users_sit_in_a_department_of_their_region():
    for user in USERS:
        assert set(user) == {"username", "full_name", "region", "department", "role"}
        assert user["role"] in ROLES
        if user["role"] == "administrator":
            assert (user["region"], user["department"]) == (None, None)
        else:
            kinds = {d["name"]: d["kind"] for d in BY_CODE[user["region"]]["departments"]}
            assert kinds.get(user["department"], "collective") != "collective", user["username"]


@by_name
def test_each_region_is_manned(region):
    staff = [user for user in USERS if user["region"] == region["code"]]
    roles = Counter(user["role"] for user in staff)
    assert roles["coordinator"] == 1
    assert roles["leader"] == 1
    assert len({user["department"] for user in staff if user["role"] == "reporter"}) >= 6


def test_there_is_one_administrator():
    assert [u["username"] for u in USERS if u["role"] == "administrator"] == ["duban-admin"]


def test_calendar_overrides_are_dated_days():
    rows = load("calendar/overrides.json")
    assert len({row["date"] for row in rows}) == len(rows)
    for row in rows:
        assert set(row) == {"date", "is_workday", "name"}
        date.fromisoformat(row["date"])
        assert isinstance(row["is_workday"], bool)
