"""`certchain app`: which apps the certification server lets user devices run."""

from pathlib import Path
from typing import Annotated

import typer

from certchain.cli.command import command, noun
from certchain.cli.output import Result
from certchain.cli.party import Cast
from certchain.cli.workspace import Workspace
from certchain.encoding.digest import manifest_digest
from certchain.models.certification import AppManifest
from certchain.storage.app_folder import measure_app

app = noun("app", "Which apps user devices may run.")

AppName = Annotated[str, typer.Argument(help="The app's name.", show_default=False)]
AppVersion = Annotated[str, typer.Option("--version", help="The app's version.", show_default=False)]
AppFolder = Annotated[Path, typer.Option("--folder", help="The folder with the app's files.", show_default=False)]


@command(app, "allow")
def allow(workspace: Workspace, name: AppName, version: AppVersion, folder: AppFolder) -> Result:
    """Allows a version of an app as it lies in a folder, every file of it."""
    files = measure_app(folder)
    manifest = AppManifest(name, version, manifest_digest(name, version, files))
    Cast(workspace).certification_server.enrolment.allow_app(manifest)
    values = {"app": name, "version": version, "files": len(files), "manifest_digest": manifest.digest}
    return Result(f"Version {version} of {name} is allowed.", values)


@command(app, "revoke")
def revoke(workspace: Workspace, name: AppName, version: AppVersion) -> Result:
    """Revokes a version of an app: no session begins with it any more."""
    Cast(workspace).certification_server.enrolment.revoke_app(name, version)
    return Result(f"Version {version} of {name} is revoked.", {"app": name, "version": version, "status": "revoked"})
