"""People and units from Excel: looked at row by row, written all or nothing."""

import re
from base64 import b64decode
from html import unescape
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from accounts.models import AuditEvent, Department, DepartmentAlias, User
from accounts.resources import DepartmentResource, PersonResource
from tests.accounts.test_sheets import xlsx
from tests.factories import make_department

PEOPLE = ("用户名", "姓名", "角色", "地区", "单位", "邮箱")
UNITS = ("全称", "简称", "类别", "单位邮箱", "别名", "成员单位", "在用")


def _look(client: Client, kind: str, *rows: tuple[object, ...]):
    upload = SimpleUploadedFile("a.xlsx", xlsx(*rows))
    return client.post(reverse(f"accounts:import_{kind}"), {"file": upload})


def _outcomes(response) -> list[tuple[int, str, tuple[str, ...]]]:
    return [
        (outcome.number, outcome.kind, outcome.reasons) for outcome in response.context["report"].outcomes
    ]


def _confirm(client: Client, kind: str, preview):
    return client.post(reverse(f"accounts:import_{kind}"), {"rows": preview.context["rows"]})


def test_people_are_looked_at_then_made_with_one_time_passwords(cast, browser) -> None:
    client = browser(cast.coordinator)
    rows = [
        PEOPLE,
        ("sunli", "孙丽", "填报员", None, "市生态环境局", "sunli@example.cn"),
        ("heping", "何平", "单位负责人", "新乡市", "市工业和信息化局", None),
        ("wangfang", "王芳", "单位负责人", None, None, None),
        ("lina", "李娜", "填报员", None, "市生态环境局", None),
    ]

    preview = _look(client, "people", *rows)
    assert [kind for _number, kind, _reasons in _outcomes(preview)] == ["new", "new", "changed", "same"]
    assert preview.context["report"].outcomes[2].changes == (("角色", "填报员", "单位负责人"),)
    assert (User.objects.count(), AuditEvent.objects.filter(kind="CREATED").count()) == (12, 0)

    done = _confirm(client, "people", preview)
    page = done.content.decode()
    words = dict(re.findall(r">(\w+)</td>[^/]*?<code>([a-z0-9-]{19})</code>", page))

    assert set(words) == {"sunli", "heping"}
    people = {person.username: person for person in User.objects.all()}
    assert all(people[name].check_password(word) for name, word in words.items())
    assert all(people[name].must_change_password for name in words)
    assert (people["heping"].role, people["heping"].department) == ("HEAD", cast.other_bureau)
    assert people["wangfang"].role == "HEAD"
    assert AuditEvent.objects.filter(kind="CREATED", actor=cast.coordinator).count() == 2
    assert AuditEvent.objects.filter(kind="ROLE_CHANGED", subject=cast.reporter).count() == 1
    assert "no-store" in done["Cache-Control"]

    [found] = re.findall(r'href="(data:[^"]+)"', page)
    address = unescape(found)
    sheet = load_workbook(BytesIO(b64decode(address.partition("base64,")[2]))).worksheets[0]
    listed = {row[2]: row[3] for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert listed == words


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "孙丽", "填报员", None, "市生态环境局", None), "没有填写"),
        (("sunli", "", "填报员", None, "市生态环境局", None), "请填写姓名"),
        (("sunli", "孙丽", "处长", None, "市生态环境局", None), "角色“处长”不对"),
        (("sunli", "孙丽", "", None, "市生态环境局", None), "请选择角色"),
        (("sunli", "孙丽", "督办员", None, None, None), "选择"),
        (("sunli", "孙丽", "管理员", None, None, None), "选择"),
        (("sunli", "孙丽", "填报员", None, None, None), "请选择单位"),
        (("sunli", "孙丽", "填报员", None, "市生态局", None), "是不是：市生态环境局"),
        (("sunli", "孙丽", "填报员", "开封市", "市生态环境局", None), "地区“开封市”不在您的管理范围内"),
        (("sunli", "孙丽", "填报员", "卫辉市", "卫辉市生态环境局", None), "不在您的管理范围内"),
        (("sunli", "孙丽", "填报员", None, "卫辉市生态环境局", None), "没有单位"),
        (("sunli", "孙丽", "填报员", None, "市生态环境局", "不是邮箱"), "邮箱格式不对"),
        (("sun li", "孙丽", "填报员", None, "市生态环境局", None), "用户名"),
        (("WANGFANG", "孙丽", "填报员", None, "市生态环境局", None), "已被占用"),
        (("zhaolei", "孙丽", "填报员", None, "市生态环境局", None), "已被占用"),
        (("sunjianguo", "孙丽", "填报员", None, "市生态环境局", None), "已被占用"),
        (("zhoumin", "孙丽", "填报员", None, "市生态环境局", None), "已被占用"),
        (("=1+1", "孙丽", "填报员", None, "市生态环境局", None), "是公式"),
        (("sunli", '=WEBSERVICE("http://x")', "填报员", None, "市生态环境局", None), "是公式"),
        (("lina", "李娜", "填报员", None, "市生态环境局", None), "与第 2 行重复"),
        (("LiNa", "李娜", "填报员", None, "市生态环境局", None), "与第 2 行重复"),
        (("s" * 151, "孙丽", "填报员", None, "市生态环境局", None), "150"),
    ],
)
def test_refused_row_says_why_and_holds_up_all(cast, browser, row, reason) -> None:
    client = browser(cast.coordinator)
    before = list(User.objects.order_by("pk").values())

    response = _look(client, "people", PEOPLE, ("lina", "李娜娜", "填报员", None, None, None), row)

    [fine, refused] = _outcomes(response)
    assert (fine[1], refused[0], refused[1]) == ("changed", 3, "refused")
    assert reason in "".join(refused[2])
    assert "rows" not in response.context
    assert list(User.objects.order_by("pk").values()) == before


def test_administrator_makes_every_role_by_file(cast, browser) -> None:
    client = browser(cast.administrator)
    preview = _look(
        client,
        "people",
        PEOPLE,
        ("dub", "钱立", "督办员", "开封市", None, None),
        ("ldr", "赵领", "领导", cast.city.code, None, None),
        ("adm", "管理", "管理员", None, None, None),
        ("rep", "孙报", "填报员", "卫辉市", "卫辉市生态环境局", None),
    )

    _confirm(client, "people", preview)

    made = {u.username: (u.role, u.region, u.is_superuser) for u in User.objects.order_by("-pk")[:4]}
    assert made == {
        "dub": ("COORDINATOR", cast.foreign, False),
        "ldr": ("LEADER", cast.city, False),
        "adm": ("ADMINISTRATOR", None, True),
        "rep": ("REPORTER", cast.county, False),
    }


def test_world_that_changed_since_the_preview_holds_up_all(cast, browser) -> None:
    client = browser(cast.coordinator)
    rows = [(f"new{n}", "新人", "填报员", None, "市生态环境局", None) for n in range(3)]
    preview = _look(client, "people", PEOPLE, *rows)
    User.objects.filter(pk=cast.foreigner.pk).update(username="new2")

    late = _confirm(client, "people", preview)

    assert "情况有变，一行也没有导入" in late.content.decode()
    assert not User.objects.filter(username__in=["new0", "new1"]).exists()
    assert not AuditEvent.objects.filter(kind="CREATED").exists()


def test_confirming_twice_changes_nothing_more(cast, browser) -> None:
    client = browser(cast.coordinator)
    preview = _look(client, "people", PEOPLE, ("sunli", "孙丽", "填报员", None, "市生态环境局", None))
    _confirm(client, "people", preview)
    password = User.objects.get(username="sunli").password

    again = _confirm(client, "people", preview)

    assert User.objects.get(username="sunli").password == password
    assert again.context["report"].count("same") == 1
    assert again.context["report"].words == ()


@pytest.mark.parametrize("rows", ["", "x", "eyJ4IjoxfQ:1:1"])
def test_rows_of_nobodys_preview_are_refused(cast, browser, rows) -> None:
    response = browser(cast.coordinator).post(reverse("accounts:import_people"), {"rows": rows})

    assert response.status_code == 400


def test_preview_of_another_person_or_list_is_refused(cast, browser) -> None:
    client = browser(cast.administrator)
    preview = _look(client, "people", PEOPLE, ("sunli", "孙丽", "领导", "新乡市", None, None))

    assert _confirm(browser(cast.coordinator), "people", preview).status_code == 400
    assert _confirm(client, "departments", preview).status_code == 400
    assert not User.objects.filter(username="sunli").exists()


@pytest.mark.parametrize(
    ("heads", "words"),
    [
        (("用户名", "姓名"), "缺少列：角色"),
        ((*PEOPLE, "密码"), "不认识的列：密码"),
        ((*PEOPLE, "姓名"), "表头有重复的列"),
    ],
)
def test_wrong_heads_are_named(cast, browser, heads, words) -> None:
    response = _look(browser(cast.coordinator), "people", heads, ("a",) * len(heads))

    assert words in response.content.decode()


def test_no_file_and_a_large_one_are_refused(cast, browser, settings) -> None:
    client = browser(cast.coordinator)
    settings.SHEET_UPLOAD_LIMIT = 100

    assert "请选择文件" in client.post(reverse("accounts:import_people")).content.decode()
    assert "文件超过 1 MB" in _look(client, "people", PEOPLE, ("a",)).content.decode()


def test_script_in_a_cell_is_only_text(cast, browser) -> None:
    page = _look(browser(cast.coordinator), "people", PEOPLE, ("<script>1</script>", "x", "填报员")).content

    assert b"<script>1" not in page


def test_units_are_made_changed_and_given_aliases_and_members(cast, browser) -> None:
    client = browser(cast.coordinator)
    preview = _look(
        client,
        "departments",
        UNITS,
        ("市水利局", "水利局", "部门", "sl@example.cn", "水务局、市水務局", None, None),
        ("红旗区人民政府", "红旗区", "属地", None, None, None, None),
        ("各县（市、区）政府", None, "统称", None, None, "红旗区；市水利局", None),
        ("市工业和信息化局", None, None, "gx@example.cn", None, None, "否"),
        ("市生态环境局", None, None, None, None, None, None),
    )
    kinds = [kind for _number, kind, _reasons in _outcomes(preview)]
    assert kinds == ["new", "new", "new", "changed", "same"]
    assert not Department.objects.filter(name="市水利局").exists()

    _confirm(client, "departments", preview)

    water = Department.objects.get(name="市水利局", region=cast.city)
    assert (water.short_name, water.kind, water.mailbox) == ("水利局", "BUREAU", "sl@example.cn")
    assert {alias.alias for alias in water.aliases.all()} == {"水务局", "市水务局"}
    collective = Department.objects.get(kind="COLLECTIVE")
    assert {member.name for member in collective.members.all()} == {"红旗区人民政府", "市水利局"}
    cast.other_bureau.refresh_from_db()
    assert (cast.other_bureau.is_active, cast.other_bureau.mailbox) == (False, "gx@example.cn")
    told = AuditEvent.objects.filter(region=cast.city).exclude(kind="SIGN_IN").values_list("kind", flat=True)
    assert sorted(told) == ["UNIT_CHANGED", "UNIT_CREATED", "UNIT_CREATED", "UNIT_CREATED"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("市水利局", None, "衙门", None, None, None, None), "类别“衙门”不对"),
        (("市水利局", None, None, "x", None, None, None), "邮箱格式不对"),
        (("市水利局", None, None, None, "环保局", None, None), "别名“环保局”已属于本地区另一个单位"),
        (("市水利局", None, None, None, None, "市生态环境局", None), "只有类别是“统称”"),
        (("全市各局", None, "统称", None, None, "无此局", None), "没有单位“无此局”"),
        (("全市各局", None, "统称", None, None, "各有关单位", None), "统称不能再作成员"),
        (("市水利局", None, None, None, None, None, "也许"), "在用“也许”不对"),
        (("=A1", None, None, None, None, None, None), "是公式"),
        (("长" * 121, None, None, None, None, None, None), "120"),
    ],
)
def test_refused_unit_says_why(cast, browser, row, reason) -> None:
    DepartmentAlias.objects.create(department=cast.bureau, region=cast.city, alias="环保局")
    make_department(cast.city, "各有关单位", kind="COLLECTIVE")

    response = _look(browser(cast.coordinator), "departments", UNITS, row)

    [(number, kind, reasons)] = _outcomes(response)
    assert (number, kind) == (2, "refused")
    assert reason in "".join(reasons)


def test_unit_of_the_same_name_elsewhere_is_left_alone(cast, browser) -> None:
    client = browser(cast.foreign_coordinator)
    preview = _look(client, "departments", ("地区", *UNITS), ("", "市生态环境局", "环保", *[None] * 5))

    _confirm(client, "departments", preview)

    cast.bureau.refresh_from_db()
    cast.foreign_bureau.refresh_from_db()
    assert (cast.bureau.short_name, cast.foreign_bureau.short_name) == ("市生态环境局", "环保")


def test_what_goes_out_comes_back_as_the_same(cast, browser) -> None:
    cast.bureau.members.set([])
    DepartmentAlias.objects.create(department=cast.bureau, region=cast.city, alias="环保局")
    collective = make_department(cast.city, "各单位", kind="COLLECTIVE")
    collective.members.set([cast.bureau, cast.other_bureau])
    client = browser(cast.administrator)

    for kind in ("people", "departments"):
        data = client.get(reverse(f"accounts:export_{kind}")).content
        upload = SimpleUploadedFile("a.xlsx", data)
        report = client.post(reverse(f"accounts:import_{kind}"), {"file": upload}).context["report"]
        own = {"guanliyuan"}  # nobody keeps the own account
        assert {o.kind for o in report.outcomes if o.name not in own} == {"same"}, report.outcomes


def test_export_holds_the_own_region_and_no_live_formula(cast, browser) -> None:
    User.objects.filter(pk=cast.reporter.pk).update(full_name="=1+1")

    data = browser(cast.coordinator).get(reverse("accounts:export_people")).content
    sheet = load_workbook(BytesIO(data)).worksheets[0]
    rows = list(sheet.iter_rows(min_row=2, values_only=True))

    assert {row[3] for row in rows} == {"新乡市"}
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    assert "=1+1" in {row[1] for row in rows}


@pytest.mark.parametrize(
    ("kind", "resource"), [("people", PersonResource), ("departments", DepartmentResource)]
)
def test_template_has_the_heads_and_says_how(cast, browser, kind, resource) -> None:
    response = browser(cast.coordinator).get(reverse(f"accounts:{kind}_template"))

    book = load_workbook(BytesIO(response.content))
    assert [cell.value for cell in book.worksheets[0][1]] == resource.heads()
    assert len(list(book.worksheets[1].iter_rows())) == len(resource.notes)
    assert response["Content-Disposition"] == f"attachment; filename={kind}-template.xlsx"


def test_questions_of_a_preview_grow_with_the_rows_only_a_little(cast, browser) -> None:
    client = browser(cast.coordinator)
    counts = []
    for size in (1, 11):
        rows = [(f"n{size}x{n}", "新人", "填报员", None, "市生态环境局", None) for n in range(size)]
        with CaptureQueriesContext(
            connection,
        ) as asked:
            _look(client, "people", PEOPLE, *rows)
        counts.append(len(asked))

    assert (counts[1] - counts[0]) / 10 <= 16


def test_words_of_a_file_and_of_the_audit_are_chinese_in_an_english_page(cast, browser) -> None:
    client = browser(cast.coordinator)
    client.cookies["django_language"] = "en"

    for kind in ("people", "departments"):
        upload = SimpleUploadedFile("a.xlsx", client.get(reverse(f"accounts:export_{kind}")).content)
        report = client.post(reverse(f"accounts:import_{kind}"), {"file": upload}).context["report"]
        keeps_all = {"zhoumin", "sunjianguo"}  # coordinators and leaders are not the coordinator's to keep
        assert {o.kind for o in report.outcomes if o.name not in keeps_all} == {"same"}

    preview = _look(client, "people", PEOPLE, ("wangfang", None, "单位负责人", None, None, None))
    _confirm(client, "people", preview)
    assert AuditEvent.objects.get(kind="ROLE_CHANGED").detail == {"role": ["填报员", "单位负责人"]}
