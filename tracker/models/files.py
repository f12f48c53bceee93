"""What every kept file has: what it is called, what it is, and where it lies."""

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _

from tracker.filetypes import FileKind


def unguessable_path(row: "KeptFile", name: str) -> str:
    """Two levels of folders and a random name without extension: says nothing and is run by nobody."""
    key = uuid4().hex
    return f"{key[:2]}/{key[2:4]}/{key}"


class KeptFile(models.Model):
    """A file known by its content. The file and what the row says of it are never changed or deleted."""

    name = models.CharField(_("文件名"), max_length=130)
    kind = models.CharField(_("类型"), max_length=4, choices=FileKind.choices)
    size = models.PositiveBigIntegerField(_("大小（字节）"))
    sha256 = models.CharField(_("指纹（SHA-256）"), max_length=64)
    file = models.FileField(_("存放位置"), upload_to=unguessable_path, max_length=60)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def file_kind(self) -> FileKind:
        return FileKind(self.kind)

    @property
    def download_name(self) -> str:
        """The name with the extension of what it really is, whatever it was called."""
        if self.name.lower().endswith(
            (f".{self.kind}", ".jpeg" if self.kind == FileKind.JPG else f".{self.kind}")
        ):
            return self.name
        return f"{self.name}.{self.kind}"
