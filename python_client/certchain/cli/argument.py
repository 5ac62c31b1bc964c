"""Arguments and options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[
    str, typer.Argument(help="Its name in this home folder: 1 to 40 of a-z, 0-9 and -.", show_default=False)
]
DeviceName = Annotated[str, typer.Option("--device", help="The IoT device, by name.", show_default=False)]
UserDeviceName = Annotated[str, typer.Option("--user-device", help="The user device, by name.", show_default=False)]
UserName = Annotated[str, typer.Option("--user", help="The user, by name.", show_default=False)]
SecretFile = Annotated[
    Path | None,
    typer.Option(help="A file with the user's secret; else CERTCHAIN_SECRET, else asked for.", show_default=False),
]
RegistrationNumber = Annotated[int, typer.Argument(help="The registration's number.", min=1, show_default=False)]
ProductName = Annotated[str, typer.Argument(help="The product, by name.", show_default=False)]
Version = Annotated[int, typer.Option(help="The version, a number that only rises.", min=1, show_default=False)]
File = Annotated[Path, typer.Argument(help="The file.", show_default=False)]
Out = Annotated[Path, typer.Option("--out", help="The file to write.", show_default=False)]
Hosts = Annotated[
    list[str] | None,
    typer.Option(
        "--known-as",
        help="For a service: another address or DNS name by which it is reached; may be given several times.",
    ),
]
Number = Annotated[int, typer.Option("--number", min=1, help="Its number on the chain.", show_default=False)]
Reason = Annotated[str, typer.Option("--reason", help="Why; it stands in the log.")]
