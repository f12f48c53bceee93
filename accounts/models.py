"""Who there is: regions, their departments, and the people who sign in."""

from typing import TYPE_CHECKING, Any, Never, Self

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _


class RegionQuerySet(models.QuerySet["Region"]):
    def within(self, region: "Region") -> Self:
        """The region itself and those below it: province, city and county are at most three levels."""
        return self.filter(Q(pk=region.pk) | Q(parent=region) | Q(parent__parent=region))


class Region(models.Model):
    """An administrative area (地区). Everything belongs to one; a county's parent is its city."""

    class Level(models.TextChoices):
        PROVINCE = "PROVINCE", _("省")
        CITY = "CITY", _("市")
        COUNTY = "COUNTY", _("县（市、区）")

    code = models.CharField(_("区划代码"), max_length=12, unique=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.CharField(_("级别"), max_length=10, choices=Level.choices)
    parent = models.ForeignKey(
        "self",
        verbose_name=_("上级地区"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="children",
    )

    objects = RegionQuerySet.as_manager()

    class Meta:
        verbose_name = _("地区")
        verbose_name_plural = _("地区")

    def __str__(self) -> str:
        return self.name


class DepartmentQuerySet(models.QuerySet["Department"]):
    def in_region(self, region: Region) -> Self:
        return self.filter(region=region)

    def in_regions(self, regions: models.QuerySet[Region]) -> Self:
        return self.filter(region__in=regions)

    def by_name(self) -> Self:
        return self.order_by("short_name", "pk")

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def for_list(self) -> Self:
        """As the list of units shows them; `people` is how many may sign in for the unit."""
        counted = self.annotate(people=Count("users", filter=Q(users__is_active=True)))
        rows = counted.select_related("region").prefetch_related("aliases", "members")
        return rows.order_by("region__code", "-is_active", "short_name", "pk")

    def matching(self, words: str) -> Self:
        """Units one of whose names contains the words."""
        names = Q(name__icontains=words) | Q(short_name__icontains=words)
        aliases = DepartmentAlias.objects.filter(department=OuterRef("pk"), alias__icontains=words)
        return self.filter(names | Exists(aliases))

    def choosable_in(self, region: Region) -> Self:
        """What a printed name of the region's plans can be said to mean, collectives included."""
        return self.in_region(region).filter(is_active=True).order_by("name", "pk")

    def answerable(self) -> Self:
        """Units that can carry a task themselves; a collective only stands for its members."""
        return self.filter(is_active=True).exclude(kind=Department.Kind.COLLECTIVE)

    def answering_for(self, region: Region) -> Self:
        """Units that work of the region can be given to: its own, and the members of its collectives."""
        ours = Q(region=region) | Q(pk__in=Department.objects.in_region(region).values("members"))
        return self.answerable().filter(ours)

    def mailbox_refused(self) -> Self:
        """Units in use whose own mailbox the mail server does not take, and nobody has corrected yet."""
        return self.filter(is_active=True, mailbox_refused_at__isnull=False)

    def without_reporter(self) -> Self:
        """Units for which nobody can report."""
        return self.exclude(users__in=User.objects.filter(role=User.Role.REPORTER, is_active=True))


class Department(models.Model):
    """A unit (单位) that answers for tasks: bureau, local government, enterprise; or a collective."""

    class Kind(models.TextChoices):
        BUREAU = "BUREAU", _("部门")
        GOVERNMENT = "GOVERNMENT", _("属地")
        ENTERPRISE = "ENTERPRISE", _("企业")
        COLLECTIVE = "COLLECTIVE", _("统称")

    region = models.ForeignKey(
        Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="departments"
    )
    name = models.CharField(_("全称"), max_length=120)
    short_name = models.CharField(_("简称"), max_length=60)
    kind = models.CharField(_("类别"), max_length=12, choices=Kind.choices, default=Kind.BUREAU)
    members = models.ManyToManyField(
        "self", verbose_name=_("成员单位"), symmetrical=False, blank=True, related_name="collectives"
    )
    mailbox = models.EmailField(_("单位邮箱"), blank=True)
    # Of the mailbox, as User.email_refused_at and email_refusal of a person's address.
    mailbox_refused_at = models.DateTimeField(_("单位邮箱被拒收时间"), null=True, blank=True, editable=False)
    mailbox_refusal = models.CharField(_("拒收原因"), max_length=300, blank=True, editable=False)
    is_active = models.BooleanField(_("在用"), default=True)

    objects = DepartmentQuerySet.as_manager()

    if TYPE_CHECKING:
        region_id: int

    class Meta:
        verbose_name = _("单位")
        verbose_name_plural = _("单位")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "name"],
                name="department_name_unique_in_region",
                violation_error_message=_("本地区已有同名单位。"),
            )
        ]

    def __str__(self) -> str:
        return self.short_name

    @property
    def reachable_mailbox(self) -> str:
        """The mailbox, unless a mail server has refused it; empty for none."""
        return "" if self.mailbox_refused_at else self.mailbox


class DepartmentAliasQuerySet(models.QuerySet["DepartmentAlias"]):
    def of_others(self, alias: "DepartmentAlias") -> Self:
        """Rows that write another unit of the same region in the same way."""
        return self.filter(region=alias.region, alias=alias.alias).exclude(pk=alias.pk)


class DepartmentAlias(models.Model):
    """One way of writing a unit's name in its region, stored folded (accounts.names.fold_name)."""

    department = models.ForeignKey(
        Department, verbose_name=_("单位"), on_delete=models.CASCADE, related_name="aliases"
    )
    region = models.ForeignKey(Region, verbose_name=_("地区"), on_delete=models.PROTECT, related_name="+")
    alias = models.CharField(_("别名"), max_length=120)

    objects = DepartmentAliasQuerySet.as_manager()

    if TYPE_CHECKING:
        department_id: int

    class Meta:
        verbose_name = _("单位别名")
        verbose_name_plural = _("单位别名")
        constraints = [
            models.UniqueConstraint(
                fields=["region", "alias"],
                name="alias_unique_in_region",
                violation_error_message=_("本地区已有单位使用此别名。"),
            )
        ]

    def __str__(self) -> str:
        return self.alias


class NationalAlias(models.Model):
    """A short form used all over the country, without administrative prefix: 发改委 = 发展和改革委员会."""

    alias = models.CharField(_("简称"), max_length=60)
    name = models.CharField(_("规范名称"), max_length=60)

    class Meta:
        verbose_name = _("全国通用简称")
        verbose_name_plural = _("全国通用简称")
        constraints = [models.UniqueConstraint(fields=["alias", "name"], name="national_alias_unique")]

    def __str__(self) -> str:
        return f"{self.alias} = {self.name}"


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def disabled(self) -> Self:
        return self.filter(is_active=False)

    def reachable(self) -> Self:
        """Who can be written to: in use, with an address that no mail server has refused."""
        return self.active().filter(email_refused_at__isnull=True).exclude(email="")

    def refused(self) -> Self:
        """Whose address the mail server does not take, and nobody has corrected yet."""
        return self.active().filter(email_refused_at__isnull=False)

    def new(self) -> Self:
        """Who has not yet chosen an own password."""
        return self.active().filter(must_change_password=True)

    def of_role(self, role: str) -> Self:
        return self.filter(role=role)

    def in_region(self, region_id: int | None) -> Self:
        return self.filter(region=region_id)

    def matching(self, words: str) -> Self:
        """People whose name, account or unit contains the words."""
        return self.filter(
            Q(full_name__icontains=words)
            | Q(username__icontains=words)
            | Q(department__name__icontains=words)
            | Q(department__short_name__icontains=words)
        )

    def could_succeed(self, person: "User") -> Self:
        """Who may take over: active people of the same unit; outside units, of the same role and region."""
        others = self.active().exclude(pk=person.pk)
        if person.is_unit_person:
            return others.filter(department=person.department_id)
        return others.filter(role=person.role, region=person.region_id)

    def for_list(self) -> Self:
        """As the list of people shows them: those in use first, by region, unit and name."""
        return self.select_related("region", "department", "successor").order_by(
            "-is_active", "region__code", "department__short_name", "full_name", "pk"
        )


class DubanUserManager(UserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def all(self) -> UserQuerySet:
        return self.get_queryset()


class User(AbstractUser):
    """A person. A reporter or head belongs to a department; a coordinator or leader to a region."""

    class Role(models.TextChoices):
        REPORTER = "REPORTER", _("填报员")
        HEAD = "HEAD", _("单位负责人")
        COORDINATOR = "COORDINATOR", _("督办员")
        LEADER = "LEADER", _("领导")
        ADMINISTRATOR = "ADMINISTRATOR", _("管理员")

    full_name = models.CharField(_("姓名"), max_length=40)
    role = models.CharField(_("角色"), max_length=14, choices=Role.choices)
    region = models.ForeignKey(
        Region, verbose_name=_("地区"), null=True, blank=True, on_delete=models.PROTECT, related_name="users"
    )
    department = models.ForeignKey(
        Department,
        verbose_name=_("单位"),
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="users",
    )
    is_demo = models.BooleanField(_("演示账号"), default=False, editable=False)
    must_change_password = models.BooleanField(_("须改密码"), default=False, editable=False)
    # Set together when the mail server refuses the address for good; nothing is sent there until somebody
    # corrects it.
    email_refused_at = models.DateTimeField(_("邮箱被拒收时间"), null=True, blank=True, editable=False)
    email_refusal = models.CharField(_("拒收原因"), max_length=300, blank=True, editable=False)
    successor = models.ForeignKey(
        "self",
        verbose_name=_("接手人"),
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="predecessors",
    )

    objects = DubanUserManager()  # type: ignore[misc]
    REQUIRED_FIELDS = ["email", "full_name", "role"]

    class Meta:
        verbose_name = _("用户")
        verbose_name_plural = _("用户")
        constraints = [
            models.CheckConstraint(
                condition=Q(role="ADMINISTRATOR") | Q(region__isnull=False),
                name="user_has_region",
                violation_error_message=_("除管理员外，每个用户都要属于一个地区。"),
            ),
            models.CheckConstraint(
                condition=~Q(role__in=["REPORTER", "HEAD"]) | Q(department__isnull=False),
                name="reporter_has_department",
                violation_error_message=_("填报员和单位负责人要属于一个单位。"),
            ),
        ]

    if TYPE_CHECKING:
        region_id: int | None
        department_id: int | None
        successor_id: int | None

    def __str__(self) -> str:
        return self.full_name or self.username

    def clean(self) -> None:
        """A person of one region with a unit of another would read that unit's work from outside."""
        super().clean()
        if self.department is not None and self.department.region_id != self.region_id:
            raise ValidationError({"department": _("这个单位不属于所选的地区。")})

    @property
    def is_reachable(self) -> bool:
        """As UserQuerySet.reachable()."""
        return self.is_active and self.email != "" and self.email_refused_at is None

    @property
    def is_unit_person(self) -> bool:
        return self.role in (self.Role.REPORTER, self.Role.HEAD)

    @property
    def is_coordinator(self) -> bool:
        return self.role == self.Role.COORDINATOR

    @property
    def is_leader(self) -> bool:
        return self.role == self.Role.LEADER

    @property
    def is_administrator(self) -> bool:
        return self.role == self.Role.ADMINISTRATOR


class AppendOnly(Exception):
    """Somebody tried to change or delete a record that is written once and kept."""


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def update(self, **kwargs: Any) -> Never:
        raise AppendOnly("audit events are never changed")

    def bulk_update(self, *args: Any, **kwargs: Any) -> Never:
        raise AppendOnly("audit events are never changed")

    def delete(self) -> Never:
        raise AppendOnly("audit events are never deleted")

    def in_region(self, region_id: int | None) -> Self:
        return self.filter(region=region_id)

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def about(self, person: "User") -> Self:
        """What this person did, and what was done to this person's account."""
        return self.filter(Q(subject=person) | Q(actor=person))

    def latest_first(self) -> Self:
        return self.select_related("actor", "subject", "region").order_by("-created_at", "-pk")


class AuditEvent(models.Model):
    """What happened to an account, a unit or the rules of a plan: who did it, when, from where, to whom.

    Written once, never changed.
    """

    class Kind(models.TextChoices):
        SIGN_IN = "SIGN_IN", _("登录")
        SIGN_OUT = "SIGN_OUT", _("退出")
        SIGN_IN_FAILED = "SIGN_IN_FAILED", _("密码错误")
        LOCKED_OUT = "LOCKED_OUT", _("登录锁定")
        CREATED = "CREATED", _("新建账号")
        CHANGED = "CHANGED", _("修改账号")
        ROLE_CHANGED = "ROLE_CHANGED", _("变更角色")
        MOVED = "MOVED", _("变更单位")
        DISABLED = "DISABLED", _("停用账号")
        ENABLED = "ENABLED", _("启用账号")
        PASSWORD_RESET = "PASSWORD_RESET", _("重置密码")
        PASSWORD_CHANGED = "PASSWORD_CHANGED", _("修改密码")
        EMAIL_CHANGED = "EMAIL_CHANGED", _("修改邮箱")
        EMAIL_REFUSED = "EMAIL_REFUSED", _("邮箱被拒收")
        EMAIL_TRUSTED = "EMAIL_TRUSTED", _("恢复发信")
        UNIT_CREATED = "UNIT_CREATED", _("新建单位")
        UNIT_CHANGED = "UNIT_CHANGED", _("修改单位")
        PLAN_CHANGED = "PLAN_CHANGED", _("修改方案")
        RULE_CHANGED = "RULE_CHANGED", _("修改提醒规则")
        WORDING_CHANGED = "WORDING_CHANGED", _("修改邮件模板")
        CALENDAR_CHANGED = "CALENDAR_CHANGED", _("修改工作日历")
        PAPER_CHANGED = "PAPER_CHANGED", _("修改文书模板")
        TOKEN_MADE = "TOKEN_MADE", _("生成接口令牌")
        TOKEN_REVOKED = "TOKEN_REVOKED", _("停用接口令牌")

    kind = models.CharField(_("事项"), max_length=16, choices=Kind.choices)
    created_at = models.DateTimeField(_("时间"))
    actor = models.ForeignKey(
        User, verbose_name=_("操作人"), null=True, on_delete=models.PROTECT, related_name="audited_actions"
    )
    subject = models.ForeignKey(
        User, verbose_name=_("涉及账号"), null=True, on_delete=models.PROTECT, related_name="audit"
    )
    region = models.ForeignKey(
        Region, verbose_name=_("地区"), null=True, on_delete=models.PROTECT, related_name="+"
    )
    address = models.CharField(_("来源地址"), max_length=45, blank=True)
    # Label to value, or to [before, after], in the words that people read at the time.
    detail = models.JSONField(_("内容"), default=dict, blank=True)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        verbose_name = _("账号审计")
        verbose_name_plural = _("账号审计")
        indexes = [
            # The page of a region, newest first; the table only grows.
            models.Index(fields=["region", "-created_at", "-id"], name="audit_region_latest"),
            models.Index(fields=["-created_at", "-id"], name="audit_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise AppendOnly("audit events are never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise AppendOnly("audit events are never deleted")

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """What changed, as label, before and after; before is empty where something is only told."""
        fields = (*User._meta.fields, *Department._meta.fields, *Department._meta.many_to_many)
        known = {field.name: field.verbose_name for field in fields}
        return [
            (str(known.get(name, name)), *(value if isinstance(value, list) else ("", value)))
            for name, value in self.detail.items()
        ]
