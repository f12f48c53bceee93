"""Who is responsible: every form met in real plans, each as printed, in full-width and in traditional characters."""

from __future__ import annotations

import opencc
import pytest

from tracker.parser import parse_text

L, S, I = "lead", "support", "implement"  # noqa: E741
BODY = "1.推进工作。加强统筹,抓好落实。"

# id, text of one measure, expected "name/role" entries
CASES = [
    (
        "bracket lead and support",
        BODY + "(市发改委牵头,市科技局、工信局配合)",
        {"市发改委": L, "市科技局": S, "市工信局": S},
    ),
    ("joint leads", BODY + "(市发改委、工信局按职责分工负责)", {"市发改委": L, "市工信局": L}),
    ("duties without a verb", BODY + "(市发改委、工信局按职责分工)", {"市发改委": L, "市工信局": L}),
    (
        "a verb on the next line",
        BODY + "\n(市发改委、工信局按职责分工\n\n负责)",
        {"市发改委": L, "市工信局": L},
    ),
    (
        "helpers by label",
        BODY + "\n牵头:财政局\n协助:各公共部门、税务局",
        {"财政局": L, "各公共部门": S, "税务局": S},
    ),
    (
        "an aside about one unit",
        BODY + "(责任单位:市住建局、市防汛办(与市应急管理局合署办公,下同))",
        {"市住建局": L, "市防汛办": L},
    ),
    (
        "a note on who leads, with its exception",
        BODY + "\n责任单位:市住建局、市水利局(除标注“共同牵头”外,列第一位为牵头单位,下同)",
        {"市住建局": L, "市水利局": I},
    ),
    (
        "first leads, the others help",
        "以下项目列在首位的为牵头单位,其余为配合单位。\n" + BODY + "\n责任单位:交通局、各乡镇人民政府",
        {"交通局": L, "各乡镇人民政府": S},
    ),
    (
        "lead, others by their duties",
        BODY + "(市发改委牵头,市工信局、生态环境局按职责分工负责)",
        {"市发改委": L, "市工信局": S, "市生态环境局": S},
    ),
    (
        "provinces by their duties after a lead",
        BODY + "(工业和信息化部牵头,财政部、各省级人民政府按职责分工负责)",
        {"工业和信息化部": L, "财政部": S, "各省级人民政府": S},
    ),
    ("charged separately", BODY + "(教育部、财政部按职责分工分别负责)", {"教育部": L, "财政部": L}),
    ("closing verb only", BODY + "(发展改革委、财政部负责)", {"发展改革委": L, "财政部": L}),
    ("closing verb, open list", BODY + "(财政部、税务总局等负责)", {"财政部": L, "税务总局": L}),
    (
        "open list joined to a collective",
        BODY + "(自然资源部、水利部等和各有关省级人民政府负责)",
        {"自然资源部": L, "水利部": L, "各有关省级人民政府": L},
    ),
    ("lead and participants", BODY + "(市教育局牵头,市民政局参与)", {"市教育局": L, "市民政局": S}),
    ("guides", BODY + "(省教育厅、省民政厅指导)", {"省教育厅": S, "省民政厅": S}),
    (
        "labels in a bracket",
        BODY + "(牵头单位:区工信局、区发改局,配合单位:市生态环境局忻府分局)",
        {"区工信局": L, "区发改局": L, "市生态环境局忻府分局": S},
    ),
    (
        "labels in a bracket, semicolon",
        BODY + "(牵头单位:市住建局、市城管局;责任单位:市财政局)",
        {"市住建局": L, "市城管局": L, "市财政局": I},
    ),
    (
        "labels in tortoise brackets",
        BODY + "〔牵头单位:市住建局;配合单位:市财政局〕",
        {"市住建局": L, "市财政局": S},
    ),
    (
        "responsible unit alone in a bracket",
        BODY + "(责任单位:市住建局、市财政局)",
        {"市住建局": L, "市财政局": L},
    ),
    ("responsible department alone", BODY + "(责任部门:市住建局)", {"市住建局": L}),
    (
        "words inside a label win",
        BODY + "(责任单位:市生态环境局牵头,市发展改革局、市教育局配合)",
        {"市生态环境局": L, "市发展改革局": S, "市教育局": S},
    ),
    (
        "label, lead, then by their duties",
        BODY + "(责任单位:市生态环境局牵头,市教育局按职责分工负责)",
        {"市生态环境局": L, "市教育局": S},
    ),
    (
        "label, lead, all take part",
        BODY + "(责任单位:市生态环境局牵头,市公安局、市气象局等共同参与)",
        {"市生态环境局": L, "市公安局": S, "市气象局": S},
    ),
    (
        "label lines",
        BODY + "\n\n牵头单位:市工信局\n\n配合单位:市生态环境局\n\n责任单位:各开发区管委会、区县(市)政府",
        {"市工信局": L, "市生态环境局": S, "各开发区管委会": I, "区县(市)政府": I},
    ),
    ("label line alone", BODY + "\n责任单位:市建设局", {"市建设局": L}),
    (
        "lead line, responsible line",
        BODY + "\n牵头单位:市建设局\n责任单位:市财政局",
        {"市建设局": L, "市财政局": I},
    ),
    (
        "label lines in one line by blanks",
        BODY + "\n牵头单位:市建设局  责任单位:市财政局",
        {"市建设局": L, "市财政局": I},
    ),
    (
        "label lines joined by nothing",
        BODY + "牵头单位:市建设局。责任单位:市财政局。",
        {"市建设局": L, "市财政局": I},
    ),
    ("value on the next line", BODY + "\n责任单位:\n市建设局、市财政局", {"市建设局": L, "市财政局": L}),
    ("value runs on", BODY + "\n责任单位:市建设局、\n市财政局", {"市建设局": L, "市财政局": L}),
    (
        "comma between groups",
        BODY + "\n责任单位:市交通运输局、市发展改革委,各开发区管委会、区县(市)政府",
        {"市交通运输局": L, "市发展改革委": L, "各开发区管委会": L, "区县(市)政府": L},
    ),
    (
        "main responsible and cooperating",
        BODY + "\n主要责任单位:市商务局\n协同配合单位:市财政局",
        {"市商务局": L, "市财政局": S},
    ),
    ("main responsible alone", BODY + "\n主要责任单位:市商务局", {"市商务局": L}),
    ("lead responsible", BODY + "\n牵头责任单位:市商务局\n责任单位:市财政局", {"市商务局": L, "市财政局": I}),
    ("leads and organises", BODY + "\n牵头组织实施单位:市商务局", {"市商务局": L}),
    (
        "body and partner units",
        BODY + "\n牵头单位:市商务局\n责任主体与协同单位:各区政府、市财政局",
        {"市商务局": L, "各区政府": I, "市财政局": I},
    ),
    (
        "main duty and co-organiser",
        BODY + "\n主责单位:市商务局\n协办单位:市财政局",
        {"市商务局": L, "市财政局": S},
    ),
    (
        "division of labour",
        BODY + "\n部门分工:市商务局牵头,各地、各部门配合",
        {"市商务局": L, "各地": S, "各部门": S},
    ),
    (
        "cooperating department",
        BODY + "\n牵头部门:市商务局\n配合部门:市财政局",
        {"市商务局": L, "市财政局": S},
    ),
    ("bare list", BODY + "(市税务局、市财政局)", {"市税务局": L, "市财政局": L}),
    ("bare list of ministries", BODY + "(工信部、应急管理部)", {"工信部": L, "应急管理部": L}),
    (
        "open list, departments",
        BODY + "(牵头单位:区能源局,配合单位:区发改局、区行政审批局等区直相关部门)",
        {"区能源局": L, "区发改局": S, "区行政审批局": S},
    ),
    (
        "open list, then a collective",
        BODY + "(牵头单位:区住建局,配合单位:区交通运输局等部门,各乡、镇(街道))",
        {"区住建局": L, "区交通运输局": S, "各乡、镇(街道)": S},
    ),
    (
        "collective as a member",
        BODY + "(责任单位:市商务局、各相关街道、市直各相关部门)",
        {"市商务局": L, "各相关街道": L, "市直各相关部门": L},
    ),
    ("collective alone", BODY + "\n责任单位:各有关单位", {"各有关单位": L}),
    (
        "bracket inside a name",
        BODY + "(市交通委(市道运局)、市公安局负责)",
        {"市交通委(市道运局)": L, "市公安局": L},
    ),
    (
        "brackets inside a collective",
        BODY + "(责任单位:各县(市、区)政府(管委会),市公安局)",
        {"各县(市、区)政府(管委会)": L, "市公安局": L},
    ),
    (
        "collective with commas",
        BODY + "(市公安局牵头,各市、县(区)人民政府配合)",
        {"市公安局": L, "各市、县(区)人民政府": S},
    ),
    ("nobody", BODY + "\n牵头单位:市公安局\n配合单位:无", {"市公安局": L}),
    (
        "a unit without prefix among prefixed ones",
        BODY + "(市发展改革委、市财政局、税务局、人民银行按职责分工负责)",
        {"市发展改革委": L, "市财政局": L, "税务局": L, "人民银行": L},
    ),
    (
        "customs",
        BODY + "(省商务厅、省财政厅、海关总署广东分署负责)",
        {"省商务厅": L, "省财政厅": L, "海关总署广东分署": L},
    ),
    ("joiners", BODY + "(市商务局和市财政局及市公安局负责)", {"市商务局": L, "市财政局": L, "市公安局": L}),
    (
        "和 inside a name",
        BODY + "(市住房和城乡建设局、市文化和旅游局、市工业和信息化局负责)",
        {"市住房和城乡建设局": L, "市文化和旅游局": L, "市工业和信息化局": L},
    ),
    (
        "deadline as the last member",
        BODY + "(责任单位:市公安局、市财政局,6月底完成)",
        {"市公安局": L, "市财政局": L},
    ),
    ("deadline label inside", BODY + "(责任单位:市公安局;完成时限:2024年12月底)", {"市公安局": L}),
    (
        "prose names nobody",
        "1.推进工作。主责部门及配合部门要各司其职,区住建局负责摸底,请科技部、财政部等部门研究。",
        {},
    ),
    ("followed up by", "1.推进工作。上述事项由市公安局、市财政局跟进督办。", {}),
    ("led by, in prose", "1.推进工作。由市公安局牵头,制定方案。", {"市公安局": L}),
    (
        "inline part",
        "1.推进工作。实施清洁行动(交通运输部门负责)、升级行动(生态环境部门负责),抓好落实。",
        {"交通运输部门": L, "生态环境部门": L},
    ),
    (
        "two brackets",
        "1.推进工作。关停矿山(牵头单位:区应急局、区自然资源局)。通报结果。(牵头单位:市生态环境局忻府分局)",
        {"区应急局": L, "区自然资源局": L, "市生态环境局忻府分局": L},
    ),
    ("other brackets", "1.推进工作(2024-2026年)。各地(地、州、盟)要落实规划(简称“规划”)。", {}),
    ("bracket not closed", BODY + "(市公安局、财政局按职责分工负责", {"市公安局": L, "市财政局": L}),
    (
        "bracket not opened",
        "1.推进工作。加强统筹,抓好落实。市公安局、财政局按职责分工负责)",
        {"市公安局": L, "市财政局": L},
    ),
    (
        "full stop left out",
        "1.推进工作。加强统筹,抓好落实(市公安局、财政局按职责分工负责)",
        {"市公安局": L, "市财政局": L},
    ),
    (
        "local governments carry out",
        BODY + "(市公安局牵头,各县区政府、管委会负责落实)",
        {"市公安局": L, "各县区政府": I, "管委会": I},
    ),
    ("body line", BODY + "(责任单位:市公安局,责任主体:各乡镇人民政府)", {"市公安局": L, "各乡镇人民政府": I}),
    (
        "railways and branches keep their names",
        BODY + "(市发改委、金融办、人行新乡市分行、新乡车务段、新乡海关按职责分工负责)",
        {"市发改委": L, "市金融办": L, "人行新乡市分行": L, "新乡车务段": L, "新乡海关": L},
    ),
    (
        "supply company keeps its name",
        BODY + "(市生态环境局牵头,供电公司配合)",
        {"市生态环境局": L, "供电公司": S},
    ),
    (
        "a line of units with verbs",
        BODY + "\n市教育局牵头,市财政局、市民政局配合。",
        {"市教育局": L, "市财政局": S, "市民政局": S},
    ),
    ("printed twice", BODY + "(市公安局市公安局牵头)", {"市公安局": L}),
    ("consulting", BODY + "(省教育厅商省财政厅牵头)", {"省教育厅": L, "省财政厅": S}),
    ("no consulting", BODY + "(市商务局、市工商联负责)", {"市商务局": L, "市工商联": L}),
    (
        "verbs behind a blank",
        BODY + "(县农业农村局 牵头  县委宣传部 配合)",
        {"县农业农村局": L, "县委宣传部": S},
    ),
    (
        "branches of the state keep their names",
        BODY + "(市财政局、地方金融监管局,宁波金融监管局、宁波证监局负责)",
        {"市财政局": L, "市地方金融监管局": L, "宁波金融监管局": L, "宁波证监局": L},
    ),
    (
        "what has been done names nobody",
        BODY + " 责任单位:市公安局 配合单位:市财政局 实际完成情况:主体已完工,按计划推进。已通车。",
        {"市公安局": L, "市财政局": S},
    ),
    ("joint with", BODY + "(市公安局会同市财政局负责)", {"市公安局": L, "市财政局": S}),
    ("leaders are people", BODY + "\n牵头领导:张三副局长\n责任单位:市公安局", {"市公安局": L}),
    ("leader in the bracket", BODY + "(牵头领导:张三;责任单位:市公安局)", {"市公安局": L}),
    ("lead verb by list comma", BODY + "(市公安局牵头、市财政局配合)", {"市公安局": L, "市财政局": S}),
    ("lenticular brackets", BODY + "【责任单位:市公安局】", {"市公安局": L}),
    (
        "led by, with helpers, in prose",
        "1.推进工作。由县水利局牵头,县发展计划局、财政局参加,于5月底前完成。",
        {"县水利局": L, "县发展计划局": S, "县财政局": S},
    ),
    (
        "charged in prose, with helpers",
        "1.由省经贸委负责,省农业厅、环保局配合,加快基地建设。",
        {"省经贸委": L, "省农业厅": S, "省环保局": S},
    ),
    ("charged in prose, alone", "1.推进工作。由县教育局负责组织实施。", {}),
    (
        "led without 由, in prose",
        "1.推进工作。市公安局牵头,市财政局配合,抓好落实。",
        {"市公安局": L, "市财政局": S},
    ),
    ("the duties of two, in prose", "1.推进工作。市公安局负责巡查,市财政局负责保障。", {}),
    (
        "short names before 部门",
        "1.推进工作。由国土资源局牵头,公安、工商、安监部门配合,逐一登记。",
        {"国土资源局": L, "公安": S, "工商": S, "安监部门": S},
    ),
    (
        "led jointly with, in prose",
        "1.推进工作。由省市场监管局会同省司法局牵头,各市州政府配合,开展清理。",
        {"省市场监管局": L, "省司法局": S, "各市州政府": S},
    ),
    (
        "two collectives",
        BODY + "(牵头单位:市人社局,配合单位:各区、县级市)",
        {"市人社局": L, "各区": S, "县级市": S},
    ),
    (
        "a collective and a county's office",
        BODY + "(各乡镇、县财政局负责)",
        {"各乡镇": L, "县财政局": L},
    ),
    (
        "towns and townships are one collective",
        BODY + "(责任单位:各乡、镇人民政府,涉改乡、镇(街道))",
        {"各乡、镇人民政府": L, "涉改乡、镇(街道)": L},
    ),
    (
        "party and government of a town",
        BODY + "\n责任单位:北河镇党委、政府,县住建局",
        {"北河镇党委": L, "北河镇政府": L, "县住建局": L},
    ),
    (
        "offices of a party committee",
        BODY + "(市委组织部、宣传部、编办负责)",
        {"市委组织部": L, "市委宣传部": L, "市委编办": L},
    ),
    (
        "the market office keeps its own 市",
        BODY + "(市公安局、市财政局、市场监督管理局负责)",
        {"市公安局": L, "市财政局": L, "市市场监督管理局": L},
    ),
    (
        "a town's offices",
        BODY + "【牵头:镇乡村振兴办;配合:镇卫生院、财政所】",
        {"镇乡村振兴办": L, "镇卫生院": S, "镇财政所": S},
    ),
    ("a street's offices", BODY + "(街道党政办、应急办负责)", {"街道党政办": L, "街道应急办": L}),
    ("a street as a member", BODY + "\n责任单位:市财政局,各镇(街道)", {"市财政局": L, "各镇(街道)": L}),
    (
        "bare list of small bodies",
        BODY + "(各社区、派出所、城管中队)",
        {"各社区": L, "派出所": L, "城管中队": L},
    ),
    ("bare list with a deadline", BODY + "(市公安局、人民银行,6月底完成)", {"市公安局": L, "人民银行": L}),
    (
        "local governments charged beside a lead",
        BODY + "(省工信厅牵头,省财政厅参与,各设区市人民政府和江州湾新区管委会负责)",
        {"省工信厅": L, "省财政厅": S, "各设区市人民政府": I, "江州湾新区管委会": I},
    ),
    (
        "local governments carry their responsibility",
        BODY + "(市交通局、市公安局负责,各县(市、区)人民政府落实属地责任)",
        {"市交通局": L, "市公安局": L, "各县(市、区)人民政府": I},
    ),
    (
        "one provides the means",
        BODY + "(市数据局牵头,市税务局配合,市财政局做好资金保障)",
        {"市数据局": L, "市税务局": S, "市财政局": S},
    ),
    ("a bracket about service names nobody", "1.推进工作。优化环境(为企业做好服务保障工作)。", {}),
    (
        "roles behind the names",
        BODY + "\n责任单位:市教育局(牵头)、市财政局(配合)",
        {"市教育局": L, "市财政局": S},
    ),
    ("sections and offices", BODY + "  责任领导:张三  责任股室:项目办、计财股", {"项目办": L, "计财股": L}),
    (
        "departments of a school",
        BODY + "\n责任部门:校办、教务处、各二级学院\n责任校领导:张三、李四",
        {"校办": L, "教务处": L, "各二级学院": L},
    ),
    (
        "a supervising unit is not responsible",
        BODY + "\n责任单位:县财政局\n督办单位:县政府督查室",
        {"县财政局": L},
    ),
    (
        "bureaux",
        BODY + "(主责局:运输及物流局;协办:路政署、运输署)",
        {"运输及物流局": L, "路政署": S, "运输署": S},
    ),
    (
        "first and second",
        BODY + "(第一责任单位:市教育局;第二责任单位:市财政局)",
        {"市教育局": L, "市财政局": I},
    ),
    ("brackets printed twice", BODY + "((责任单位:市教育局、市财政局))", {"市教育局": L, "市财政局": L}),
    ("marks before a name", BODY + "\n责任单位:★市教育局、▲市财政局", {"市教育局": L, "市财政局": L}),
    ("dash for nobody", BODY + "\n牵头单位:市教育局\n配合单位:——\n协办单位:/", {"市教育局": L}),
    ("label without a colon", BODY + "\n责任单位 市教育局、市财政局", {"市教育局": L, "市财政局": L}),
    (
        "a line that breaks off inside of a name",
        BODY + "(市发改委、市住\n建局、市财政局按职责分工负责)",
        {"市发改委": L, "市住建局": L, "市财政局": L},
    ),
    (
        "labels with a level",
        BODY + "\n市级牵头单位:市发改委\n市级配合单位:市住建局\n责任地区:各县区",
        {"市发改委": L, "市住建局": S, "各县区": I},
    ),
    (
        "people behind their units",
        BODY + "\n责任单位:县发改局(李四)、县财政局(王五)",
        {"县发改局": L, "县财政局": L},
    ),
    (
        "names without separators",
        BODY + "(市发改委牵头,市财政局市住建局配合)",
        {"市发改委": L, "市财政局": S, "市住建局": S},
    ),
    ("a bracket about duties", BODY + "\n责任单位:各相关单位(按职责分工)", {"各相关单位": L}),
    (
        "bodies that are no offices",
        BODY + "(军分区、市武警支队、团市委、市红十字会、人民银行甲市中心支行)",
        {"军分区": L, "市武警支队": L, "团市委": L, "市红十字会": L, "人民银行甲市中心支行": L},
    ),
    (
        "open list, then a group behind a semicolon",
        BODY + "(责任单位:市公安局、市税务局等;各区政府)",
        {"市公安局": L, "市税务局": L, "各区政府": L},
    ),
]
WIDE = str.maketrans(",:;()", "\uff0c\uff1a\uff1b\uff08\uff09")
NARROW = {wide: narrow for narrow, wide in WIDE.items()}
TRADITIONAL = opencc.OpenCC("s2t").convert
SIMPLIFIED = opencc.OpenCC("t2s").convert


# brackets that end their sentence and name nobody
NOBODY_NAMED = (
    "农村社区",
    "卫生室",
    "示范区",
    "养老院、福利院",
    "一个中心",
    "充电站、换电站",
    "三甲医院",
    "县、区",
    "县、乡、村",
    "政府、企业、社会",
    "含各县区",
    "市级负责",
    "牵头企业",
    "城市、农村",
    "地、州、盟",
    "责任到人",
    "以下简称专班",
)


@pytest.mark.parametrize("content", NOBODY_NAMED)
def test_brackets_that_name_nobody(content: str) -> None:
    assert units_of(f"1.推进工作。改造提升设施({content})。") == {}


def units_of(text: str) -> dict[str, str]:
    plan = parse_text(text)
    assert len(plan.measures) == 1, [measure.title for measure in plan.measures]
    return {SIMPLIFIED(unit.name).translate(NARROW): unit.role for unit in plan.measures[0].units}


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_units(text: str, expected: dict[str, str]) -> None:
    assert units_of(text) == expected
    assert units_of(text.translate(WIDE)) == expected, "full-width"
    assert units_of(TRADITIONAL(text)) == expected, "traditional"


def test_a_default_clause_ends_with_its_verb() -> None:
    plan = parse_text(
        "1.控制总量。严控取水。(市水务局牵头。以下均需各县(市)区政府落实,无相关职能的,由市直部门负责,不再列出)\n"
        "2.节水。推广器具。(市水务局负责)"
    )
    assert [unit.name for unit in plan.default_units] == ["各县(市)区政府"]
