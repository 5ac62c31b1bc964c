"""`certchain app`: which apps user devices may run."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.argument import Reason
from certchain.cli.command import command, noun
from certchain.cli.file import write_file
from certchain.cli.output import Result
from certchain.cli.party import Cast
from certchain.cli.record import MANUFACTURER
from certchain.cli.workspace import Workspace
from certchain.encoding.document import from_document, to_document
from certchain.encoding.message import from_cbor
from certchain.encoding.moment import moment
from certchain.errors import MalformedValue, StorageUnavailable
from certchain.models.app import AppRelease, ReleaseFile
from certchain.verification.app import verify_files

app = noun("app", "Which apps user devices may run.")

_MOST_BYTES = 64 * 1024 * 1024
_DAY = 86_400

AppName = Annotated[str, typer.Argument(help="The app's name.", show_default=False)]
AppVersion = Annotated[str, typer.Option("--version", help="The app's version.", show_default=False)]
AppFolder = Annotated[Path, typer.Option("--folder", help="The folder with the app's files.", show_default=False)]
VendorName = Annotated[str, typer.Option("--vendor", help="The service of this home that signs as the app's vendor.")]
By = Annotated[
    str, typer.Option("--by", help="Who decides; it stands in the log. From an operator's home, it is the operator.")
]


@command(app, "release")
def release(
    workspace: Workspace,
    name: AppName,
    *,
    version: AppVersion,
    folder: AppFolder,
    out: Annotated[Path, typer.Option("--out", help="The file to write.", show_default=False)],
    vendor: VendorName = MANUFACTURER,
) -> Result:
    """Signs a version of an app as it lies in a folder, every file of it, for `certchain app allow`."""
    file = Cast(workspace).vendor(vendor).release(name, version, folder)
    write_file(out, to_document(file))
    values = {"app": name, "version": version, "vendor": vendor, "files": len(file.files), "file": out}
    return Result(f"Version {version} of {name} is signed.", values)


@command(app, "allow")
def allow(
    workspace: Workspace,
    name: Annotated[
        str, typer.Argument(help="The file of a vendor's release; or with --folder an app's name.", show_default=False)
    ],
    *,
    version: Annotated[str | None, typer.Option("--version", help="With --folder: the app's version.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="The app's files, of which this home is the vendor.")
    ] = None,
    vendor: VendorName = MANUFACTURER,
    by: By = "",
    reason: Reason = "",
) -> Result:
    """Allows a version of an app as its vendor signed it. A home that is its own vendor gives the folder instead."""
    cast = Cast(workspace)
    if (version is None) != (folder is None):
        raise MalformedValue("app", "--version and --folder go together")
    file = cast.vendor(vendor).release(name, version, folder) if version and folder else _read(Path(name))
    signed = verify_files(file)
    cast.operations(by).allow_app(signed, reason)
    allowed = from_cbor(AppRelease, signed.body)
    values = {
        "app": allowed.app,
        "version": allowed.version,
        "vendor": file.release.signer,
        "files": len(file.files),
        "manifest_digest": allowed.digest,
    }
    return Result(f"Version {allowed.version} of {allowed.app} is allowed.", values)


@command(app, "deprecate")
def deprecate(
    workspace: Workspace,
    name: AppName,
    *,
    version: AppVersion,
    days: Annotated[int, typer.Option("--days", min=1, help="For how many days it is still certified.")],
    by: By = "",
    reason: Reason = "",
) -> Result:
    """Lets a version of an app go on for some days, and then no longer."""
    until = workspace.clock.now() + days * _DAY
    Cast(workspace).operations(by).deprecate_app(name, version, until, reason)
    values = {"app": name, "version": version, "status": "deprecated", "until": moment(until)}
    return Result(f"Version {version} of {name} is certified until {moment(until)}.", values)


@command(app, "revoke")
def revoke(workspace: Workspace, name: AppName, version: AppVersion, by: By = "", reason: Reason = "") -> Result:
    """Revokes a version of an app: no session begins with it any more."""
    Cast(workspace).operations(by).revoke_app(name, version, reason)
    return Result(f"Version {version} of {name} is revoked.", {"app": name, "version": version, "status": "revoked"})


def _read(path: Path) -> ReleaseFile:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise MalformedValue("release", f"{path} is longer than {_MOST_BYTES} bytes")
        return from_document(ReleaseFile, path.read_bytes())
    except OSError as problem:
        raise StorageUnavailable(f"{path}: {problem.strerror}") from problem
